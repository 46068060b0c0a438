// The functions of this module are inline; the file makes it a library.

#include "CStorageKernels.h"
