import Dispatch
import Glibc

/// Reacts to Ctrl-C: the first lets the command finish what it has in hand, the second ends it.
struct Interrupt {
    private let source: any DispatchSourceSignal

    static func onFirst(_ body: @escaping @Sendable () -> Void) -> Interrupt {
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: DispatchQueue(label: "gatehouse.interrupt"))
        source.setEventHandler {
            body()
            signal(SIGINT, SIG_DFL)
        }
        source.resume()
        return Interrupt(source: source)
    }

    func cancel() {
        self.source.cancel()
        signal(SIGINT, SIG_DFL)
    }
}
