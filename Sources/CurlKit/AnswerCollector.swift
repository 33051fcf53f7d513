internal import CCurl
internal import Glibc

/// Takes in what libcurl delivers while one request runs.
final class AnswerCollector {
    private static let headLimit = 64 << 10

    private let limit: Int
    private let cuts: Bool
    private var headSize = 0
    private(set) var headers: [CurlHeader] = []
    private(set) var body: [UInt8] = []
    /// Octets of the body so far, wherever they are.
    private var bodySize = 0
    /// Where the body goes instead of to ``body``.
    private let descriptor: Int32?
    /// Why the body could not be written there; the system's number.
    private(set) var writingFailure: Int32?
    private(set) var isTooLarge = false
    /// Whether there was more of the body than is taken.
    private(set) var isCut = false

    /// - Parameters:
    ///   - limit: The largest body, in octets.
    ///   - cuts: Whether a larger one ends there instead of being too large.
    ///   - descriptor: Where the body is written to; `nil` to keep it.
    init(limit: Int, cuts: Bool, descriptor: Int32? = nil) {
        self.descriptor = descriptor
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
        let room = self.limit - self.bodySize
        guard octets.count <= room else {
            if self.cuts {
                self.isCut = self.keep(UnsafeRawBufferPointer(rebasing: octets[..<room]))
            } else {
                self.isTooLarge = true
            }
            return false
        }
        return self.keep(octets)
    }

    private func keep(_ octets: UnsafeRawBufferPointer) -> Bool {
        self.bodySize += octets.count
        guard let descriptor = self.descriptor else {
            self.body.append(contentsOf: octets)
            return true
        }
        var rest = octets[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                self.writingFailure = errno
                return false
            }
            rest = rest.dropFirst(count)
        }
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
