internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// Runs a call into the cryptographic library; its failure becomes the core's error under `rule`.
func library<Result: ~Copyable>(
    _ rule: String,
    _ body: () throws(OpenSSLError) -> Result
) throws(EnrollmentError) -> Result {
    do throws(OpenSSLError) {
        return try body()
    } catch {
        throw EnrollmentError(
            .internalService,
            "The cryptographic library failed: \(error).",
            rule: rule,
            cause: error
        )
    }
}

/// Runs a call into the certificate library; its failure becomes the core's error under `rule`.
func encoding<Result>(
    _ rule: String,
    _ what: String,
    _ body: () throws(X509Error) -> Result
) throws(EnrollmentError) -> Result {
    do throws(X509Error) {
        return try body()
    } catch {
        throw EnrollmentError(.internalService, "\(what): \(error).", rule: rule, cause: error)
    }
}
