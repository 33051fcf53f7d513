@testable import OpenSSLKit

/// The calling thread's queue of library errors; ask in the same synchronous stretch as the call in question.
enum ErrorQueue {
    /// What an earlier call left behind; looking takes it away.
    static var leftovers: [OpenSSLError.Entry] { OpenSSLError(during: "looking").entries }
}
