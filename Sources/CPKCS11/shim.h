#ifndef CPKCS11_SHIM_H
#define CPKCS11_SHIM_H

/* The interface alone: modules are loaded by their path, and nothing of p11-kit is linked. */
#define CRYPTOKI_GNU 1
#include <p11-kit/pkcs11.h>

#endif
