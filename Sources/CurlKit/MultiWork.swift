internal import CCurl

/// What the thread of a ``MultiLoop`` has in hand: requests that run, and those that wait for their turn.
final class MultiWork {
    /// In milliseconds; libcurl's own deadlines come sooner, and whoever has something wakes the thread.
    private static let longestSleep: Int32 = 60_000

    var waiting: [Transfer] = []
    private let multi: UnsafeMutableRawPointer
    private let options: CurlOptions
    private let limits: CurlMulti.Limits
    private var running: [UnsafeMutableRawPointer: (handle: EasyHandle, transfer: Transfer)] = [:]
    private var runningByHost: [Substring: Int] = [:]
    private var idle: [EasyHandle] = []

    init(_ multi: UnsafeMutableRawPointer, _ options: CurlOptions, limits: CurlMulti.Limits) {
        self.multi = multi
        self.options = options
        self.limits = limits
    }

    /// Does what can be done now, and sleeps until there is more.
    ///
    /// - Returns: `false` when libcurl cannot go on.
    func advance() -> Bool {
        self.start()
        var count: Int32 = 0
        guard curl_multi_perform(self.multi, &count) == CURLM_OK else { return false }
        if self.finish() > 0, !self.waiting.isEmpty { return true }
        return curl_multi_poll(self.multi, nil, 0, Self.longestSleep, nil) == CURLM_OK
    }

    func dropDeparted() {
        for (pointer, (handle, transfer)) in self.running where transfer.departure.isNoted {
            // The connection is closed with it: the rest of the answer would be taken for the next one's.
            curl_multi_remove_handle(self.multi, pointer)
            self.running[pointer] = nil
            handle.forget()
            self.release(handle, of: transfer)
            transfer.finish(.failure(.departed))
        }
        self.waiting.removeAll { transfer in
            guard transfer.departure.isNoted else { return false }
            transfer.finish(.failure(.departed))
            return true
        }
    }

    /// Gives up everything, and frees what libcurl has.
    func end() {
        for (pointer, (handle, transfer)) in self.running {
            curl_multi_remove_handle(self.multi, pointer)
            handle.forget()
            transfer.finish(.failure(CurlError(.cancelled, "the session was closed")))
        }
        for transfer in self.waiting { transfer.finish(.failure(CurlError(.cancelled, "the session was closed"))) }
        self.running = [:]
        self.waiting = []
        self.idle = []
        curl_multi_cleanup(self.multi)
    }

    // MARK: Beginning

    private func start() {
        guard !self.waiting.isEmpty else { return }
        var next = 0
        while next < self.waiting.count, self.running.count < self.limits.total {
            let transfer = self.waiting[next]
            guard self.runningByHost[transfer.host, default: 0] < self.limits.perHost else {
                next += 1
                continue
            }
            self.waiting.remove(at: next)
            self.begin(transfer)
        }
    }

    private func begin(_ transfer: Transfer) {
        do throws(CurlError) {
            let handle = try self.idleHandle()
            try self.begin(transfer, with: handle)
            self.running[handle.pointer] = (handle, transfer)
            self.runningByHost[transfer.host, default: 0] += 1
        } catch {
            transfer.finish(.failure(error))
        }
    }

    private func idleHandle() throws(CurlError) -> EasyHandle {
        if let handle = self.idle.popLast() { return handle }
        return try EasyHandle(self.options)
    }

    private func begin(_ transfer: Transfer, with handle: EasyHandle) throws(CurlError) {
        do throws(CurlError) {
            try handle.begin(transfer.request)
            guard curl_multi_add_handle(self.multi, handle.pointer) == CURLM_OK else {
                throw CurlError(CURLE_OUT_OF_MEMORY, detail: "")
            }
        } catch {
            handle.forget()
            self.idle.append(handle)
            throw error
        }
    }

    // MARK: Ending

    private func finish() -> Int {
        var finished = 0
        var left: Int32 = 0
        while let message = curl_multi_info_read(self.multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let pointer = message.pointee.easy_handle else { continue }
            // Reading on, and removing the handle, both make the message void.
            let status = message.pointee.data.result
            guard let (handle, transfer) = self.running.removeValue(forKey: pointer) else { continue }
            curl_multi_remove_handle(self.multi, pointer)
            let result = handle.end(status)
            self.release(handle, of: transfer)
            transfer.finish(result)
            finished += 1
        }
        return finished
    }

    private func release(_ handle: EasyHandle, of transfer: Transfer) {
        self.idle.append(handle)
        let rest = self.runningByHost[transfer.host, default: 1] - 1
        self.runningByHost[transfer.host] = rest > 0 ? rest : nil
    }
}
