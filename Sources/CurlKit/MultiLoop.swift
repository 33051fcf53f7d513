internal import CCurl
internal import Synchronization

/// Runs the requests of one ``CurlMulti``: what other threads put in, one thread takes to libcurl and back.
final class MultiLoop: Sendable {
    private struct Mail {
        /// `nil` once there is nobody to wake.
        var multi: UnsafeMutableRawPointer?
        var submitted: [Transfer] = []
        var hasDepartures = false
        var isClosing = false
        /// Whether the thread has been woken since it last looked; each call costs a system call.
        var isWoken = false

        mutating func wake() {
            guard let multi = self.multi, !self.isWoken else { return }
            self.isWoken = true
            curl_multi_wakeup(multi)
        }
    }

    private let options: CurlOptions
    private let limits: CurlMulti.Limits
    private let mail: Mutex<Mail>

    init(_ options: CurlOptions, limits: CurlMulti.Limits) throws(CurlError) {
        self.options = options
        self.limits = limits
        guard EasyHandle.isReady, let multi = curl_multi_init() else {
            throw CurlError(CURLE_FAILED_INIT, detail: "")
        }
        // Otherwise four times as many as run just now, which closes connections whenever there is a pause.
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.total)
        self.mail = Mutex(Mail(multi: multi))
    }

    /// Puts a request in, unless nobody waits for it any more.
    func submit(_ transfer: Transfer) {
        let refusal = self.mail.withLock { mail -> CurlError? in
            if mail.multi == nil || mail.isClosing { return .closed }
            // Whoever leaves from now on takes the lock after us, and the thread looks again.
            if transfer.departure.isNoted { return .departed }
            mail.submitted.append(transfer)
            mail.wake()
            return nil
        }
        if let refusal { transfer.finish(.failure(refusal)) }
    }

    func lookForDepartures() {
        self.mail.withLock { mail in
            mail.hasDepartures = true
            mail.wake()
        }
    }

    func close() {
        self.mail.withLock { mail in
            mail.isClosing = true
            mail.wake()
        }
    }

    // MARK: The thread's own

    /// Runs until ``close()``; call it once, on a thread that may block.
    func run() {
        guard let multi = self.mail.withLock({ mail in mail.multi.map { UInt(bitPattern: $0) } }),
            let pointer = UnsafeMutableRawPointer(bitPattern: multi)
        else { return }
        let work = MultiWork(pointer, self.options, limits: self.limits)
        while true {
            let (submitted, hasDepartures, isClosing) = self.take()
            work.waiting += submitted
            if hasDepartures { work.dropDeparted() }
            guard !isClosing, work.advance() else { break }
        }
        // From here on nobody can put anything in, and nobody wakes what is about to be freed.
        let late = self.mail.withLock { mail -> [Transfer] in
            mail.multi = nil
            return mail.submitted
        }
        for transfer in late { transfer.finish(.failure(.closed)) }
        work.end()
    }

    private func take() -> (submitted: [Transfer], hasDepartures: Bool, isClosing: Bool) {
        self.mail.withLock { mail in
            defer {
                mail.submitted = []
                mail.hasDepartures = false
                mail.isWoken = false
            }
            return (mail.submitted, mail.hasDepartures, mail.isClosing)
        }
    }
}

extension CurlError {
    fileprivate static let closed = CurlError(.cancelled, "the session was closed")
    static let departed = CurlError(.cancelled, "nobody waits for the answer any more")
}
