#ifndef CLIBXML2_SHIM_H
#define CLIBXML2_SHIM_H

/* libxml2 built with ICU pulls in <unicode/ucnv.h>, which clashes with the ICU inside Foundation. */
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>

#endif
