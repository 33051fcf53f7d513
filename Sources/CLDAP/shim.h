#ifndef CLDAP_SHIM_H
#define CLDAP_SHIM_H

#include <sys/time.h>

#include <lber.h>
#include <ldap.h>

#endif
