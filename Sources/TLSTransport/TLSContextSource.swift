package import NIOCore
package import OpenSSLKit
internal import Synchronization

/// The TLS context that new connections are made with, replaceable while others go on with theirs.
package final class TLSContextSource: Sendable {
    private let context: Mutex<TLSContext>

    package init(_ context: TLSContext) {
        self.context = Mutex(context)
    }

    /// What the next connection will get.
    package var current: TLSContext {
        self.context.withLock { $0 }
    }

    /// Gives connections from now on the certificates and trust of `context`; nobody is disconnected.
    package func replace(with context: TLSContext) {
        self.context.withLock { $0 = context }
    }

    /// The handler for one new connection.
    ///
    /// - Throws: ``OpenSSLError`` when memory runs out.
    package func makeHandler(handshakeTime: TimeAmount) throws(OpenSSLError) -> TLSHandler {
        TLSHandler(try TLSSession(server: self.current), handshakeTime: handshakeTime)
    }
}
