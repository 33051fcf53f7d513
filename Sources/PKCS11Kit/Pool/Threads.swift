internal import Glibc

/// Starts threads that end by themselves.
enum Threads {
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// - Throws: ``PKCS11Error`` of kind `refused` when the system gives no more threads.
    static func start(_ body: @escaping @Sendable () -> Void) throws(PKCS11Error) {
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { work in
                guard let work else { return nil }
                Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
                return nil
            },
            work.toOpaque()
        )
        guard status == 0 else {
            work.release()
            throw PKCS11Error(.refused, during: "pthread_create", "no thread is left for the token")
        }
        pthread_detach(thread)
    }
}
