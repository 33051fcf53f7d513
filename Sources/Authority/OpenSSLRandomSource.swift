package import EnrollmentCore
internal import OpenSSLKit

/// Random octets from OpenSSL's generator.
package struct OpenSSLRandomSource: RandomSource {
    package init() {}

    package func octets(_ count: Int) throws(EnrollmentError) -> [UInt8] {
        do throws(OpenSSLError) {
            return try SystemRandom.octets(count)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The system gives no random numbers: \(error).",
                rule: "random.source",
                cause: error
            )
        }
    }
}
