// Exposes the installed zlib (https://zlib.net, zlib licence) to Swift; nothing is vendored.
#include <zlib.h>
