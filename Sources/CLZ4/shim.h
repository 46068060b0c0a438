// Exposes the installed LZ4 library (https://lz4.org, BSD licence) to Swift; nothing is vendored.
#include <lz4.h>
#include <lz4hc.h>
