internal import CCurl

/// Takes in what libcurl delivers while one request runs.
final class AnswerCollector {
    private static let headLimit = 64 << 10

    private let limit: Int
    private let cuts: Bool
    private var headSize = 0
    private(set) var headers: [CurlHeader] = []
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    /// Whether there was more of the body than is taken.
    private(set) var isCut = false

    /// - Parameters:
    ///   - limit: The largest body, in octets.
    ///   - cuts: Whether a larger one ends there instead of being too large.
    init(limit: Int, cuts: Bool) {
        self.limit = limit
        self.cuts = cuts
    }

    /// Takes one line of a head.
    ///
    /// - Returns: Whether there is room for it.
    private func takeLine(_ octets: UnsafeRawBufferPointer) -> Bool {
        self.headSize += octets.count
        guard self.headSize <= Self.headLimit else {
            self.isTooLarge = true
            return false
        }
        var line = String(decoding: octets, as: UTF8.self)[...]
        while let last = line.unicodeScalars.last, last == "\r" || last == "\n" { line.unicodeScalars.removeLast() }
        guard let colon = line.firstIndex(of: ":") else {
            // A status line: what came before it belonged to an interim answer.
            if line.hasPrefix("HTTP/") { self.headers.removeAll() }
            return true
        }
        var value = line[line.index(after: colon)...]
        while let first = value.first, first == " " || first == "\t" { value.removeFirst() }
        while let last = value.last, last == " " || last == "\t" { value.removeLast() }
        self.headers.append(CurlHeader(String(line[..<colon]), String(value)))
        return true
    }

    private func takeBody(_ octets: UnsafeRawBufferPointer) -> Bool {
        let room = self.limit - self.body.count
        guard octets.count <= room else {
            if self.cuts {
                self.body.append(contentsOf: octets.prefix(room))
                self.isCut = true
            } else {
                self.isTooLarge = true
            }
            return false
        }
        self.body.append(contentsOf: octets)
        return true
    }

    static let headReceiver: ccurl_receiver = { octets, size, count, context in
        AnswerCollector.receive(octets, size * count, context) { $0.takeLine($1) }
    }

    static let bodyReceiver: ccurl_receiver = { octets, size, count, context in
        AnswerCollector.receive(octets, size * count, context) { $0.takeBody($1) }
    }

    /// Returning another number than was offered makes libcurl end the transfer.
    private static func receive(
        _ octets: UnsafeMutablePointer<CChar>?,
        _ count: Int,
        _ context: UnsafeMutableRawPointer?,
        _ take: (AnswerCollector, UnsafeRawBufferPointer) -> Bool
    ) -> Int {
        guard let context else { return count == 0 ? 1 : 0 }
        let collector = Unmanaged<AnswerCollector>.fromOpaque(context).takeUnretainedValue()
        return take(collector, UnsafeRawBufferPointer(start: octets, count: count)) ? count : (count == 0 ? 1 : 0)
    }
}
