#ifndef CMALLOC_SHIM_H
#define CMALLOC_SHIM_H

/* The C library's own module leaves this header out. */
#include <malloc.h>

#endif
