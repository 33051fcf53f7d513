#ifndef COPENSSL_TLS_H
#define COPENSSL_TLS_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* Each function here stands for one macro, or for a constant that the importer cannot read. */

static inline int copenssl_tls_set_versions(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)
        && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
}

static inline void copenssl_tls_set_server_options(SSL_CTX *context) {
    SSL_CTX_set_options(context,
        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
}

static inline void copenssl_tls_set_client_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

static inline void copenssl_tls_disable_tickets(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
}

static inline void copenssl_tls_set_mode(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
}

static inline void copenssl_tls_disable_session_cache(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline int copenssl_tls_set_groups(SSL_CTX *context, const char *groups) {
    return (int)SSL_CTX_set1_groups_list(context, groups);
}

static inline int copenssl_tls_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline void copenssl_tls_set_application_data(SSL_CTX *context, void *data) {
    SSL_CTX_set_app_data(context, data);
}

static inline void *copenssl_tls_application_data(const SSL_CTX *context) {
    return SSL_CTX_get_app_data(context);
}

static inline void copenssl_tls_set_server_name_callback(
    SSL_CTX *context, int (*callback)(SSL *, int *, void *), void *argument) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
    SSL_CTX_set_tlsext_servername_arg(context, argument);
}

static inline int copenssl_tls_set_server_name(SSL *session, const char *name) {
    return (int)SSL_set_tlsext_host_name(session, name);
}

static inline int copenssl_bio_pending(BIO *bio) { return (int)BIO_pending(bio); }

/* A ticket's HMAC-SHA256: the parameters are an array that ends in a sentinel, awkward to build elsewhere. */
static inline int copenssl_tls_key_ticket_mac(EVP_MAC_CTX *mac, const unsigned char *key, size_t length) {
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, length);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(mac, parameters);
}

static inline void *copenssl_secure_allocate(size_t length) { return OPENSSL_zalloc(length); }

static inline void copenssl_secure_free(void *octets, size_t length) { OPENSSL_clear_free(octets, length); }

static inline void copenssl_free(void *octets) { OPENSSL_free(octets); }

static inline GENERAL_NAMES *copenssl_alternative_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

static inline int copenssl_alternative_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/* The octets of the dNSName at that index, or NULL when the name there is of another kind. */
static inline const unsigned char *copenssl_dns_name(const GENERAL_NAMES *names, int index, int *length) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (name == NULL || name->type != GEN_DNS) { return NULL; }
    *length = ASN1_STRING_length(name->d.dNSName);
    return ASN1_STRING_get0_data(name->d.dNSName);
}

static inline int copenssl_is_authority(X509 *certificate) {
    return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0;
}

static inline int copenssl_chain_count(const STACK_OF(X509) *chain) { return chain ? sk_X509_num(chain) : 0; }

static inline X509 *copenssl_chain_certificate(const STACK_OF(X509) *chain, int index) {
    return sk_X509_value(chain, index);
}

static inline STACK_OF(X509) *copenssl_chain_new(void) { return sk_X509_new_null(); }

/* The list holds a reference of its own. */
static inline int copenssl_chain_push(STACK_OF(X509) *chain, X509 *certificate) {
    if (!X509_up_ref(certificate)) { return 0; }
    if (sk_X509_push(chain, certificate) > 0) { return 1; }
    X509_free(certificate);
    return 0;
}

static inline void copenssl_chain_free(STACK_OF(X509) *chain) { sk_X509_pop_free(chain, X509_free); }

static inline int copenssl_verify_flags_trust_issuers(void) { return X509_V_FLAG_PARTIAL_CHAIN; }

static inline int copenssl_verify_flags_ignore_time(void) { return X509_V_FLAG_NO_CHECK_TIME; }

#endif
