internal import Foundation

/// What a process has used so far, from `/proc`.
struct ProcessCost {
    /// User and system time of all its threads, in milliseconds.
    let milliseconds: Double

    /// - Throws: When the process has ended.
    init(of identifier: pid_t) throws {
        let text = try String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)
        // The name in parentheses may hold blanks; utime and stime are the 12th and 13th field after it.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw BenchmarkProblem("/proc/\(identifier)/stat is not as proc(5) describes it")
        }
        self.milliseconds = (user + system) * 1_000 / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// This process, in microseconds and finer than `/proc` tells.
    static var ownMicroseconds: Double { Self.microseconds(RUSAGE_SELF) }

    /// Of processes that this one started and that have ended.
    static var childrenMilliseconds: Double { Self.microseconds(RUSAGE_CHILDREN) / 1_000 }

    private static func microseconds(_ who: __rusage_who) -> Double {
        var usage = rusage()
        getrusage(who.rawValue, &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) * 1e6 + Double($1.tv_usec) }
    }

    /// A line of `/proc/PID/status` in mebibytes: `VmHWM` is the peak of resident memory, `VmRSS` its size now.
    static func memory(_ key: String, of identifier: pid_t) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix(key + ":") {
            if let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) }) {
                return kibibytes / 1_024
            }
        }
        throw BenchmarkProblem("/proc/\(identifier)/status has no \(key)")
    }
}
