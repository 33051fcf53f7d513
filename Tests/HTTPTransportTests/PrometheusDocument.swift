/// A strict reader of Prometheus' text format 0.0.4, to judge what we write.
struct PrometheusDocument {
    struct Sample: Equatable {
        let name: String
        let labels: [[String]]
        let value: Double

        init(_ name: String, _ labels: [[String]], _ value: Double) {
            self.name = name
            self.labels = labels
            self.value = value
        }
    }

    struct Mistake: Error {
        let line: String
    }

    private(set) var types: [String: String] = [:]
    private(set) var help: [String: String] = [:]
    private(set) var samples: [Sample] = []

    init(parsing text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else { throw Mistake(line: "the last line has no end") }
        var family = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let mistake = Mistake(line: String(line))
            if line.hasPrefix("# ") {
                let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 4, Self.isName(parts[2]) else { throw mistake }
                switch parts[1] {
                case "HELP":
                    guard self.help.updateValue(try Self.unescaped(parts[3], mistake), forKey: parts[2]) == nil else {
                        throw mistake
                    }
                case "TYPE":
                    guard ["counter", "gauge", "histogram"].contains(parts[3]),
                        self.types.updateValue(parts[3], forKey: parts[2]) == nil
                    else { throw mistake }
                default: throw mistake
                }
                family = parts[2]
            } else {
                let sample = try Self.sample(line, mistake)
                let suffixes = self.types[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                guard suffixes.contains(where: { sample.name == family + $0 }),
                    !self.samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels })
                else { throw mistake }
                self.samples.append(sample)
            }
        }
    }

    private static func sample(_ line: Substring, _ mistake: Mistake) throws -> Sample {
        let name = line.prefix { $0 != "{" && $0 != " " }
        guard self.isName(String(name)) else { throw mistake }
        var rest = line.dropFirst(name.count)
        var labels: [[String]] = []
        if rest.first == "{" {
            rest.removeFirst()
            while true {
                let label = rest.prefix { $0 != "=" }
                rest = rest.dropFirst(label.count)
                guard self.isName(String(label)), rest.hasPrefix("=\"") else { throw mistake }
                rest = rest.dropFirst(2)
                var value = ""
                while let character = rest.first, character != "\"" {
                    let length = character == "\\" ? 2 : 1
                    value += rest.prefix(length)
                    rest = rest.dropFirst(length)
                }
                guard !labels.contains(where: { $0[0] == label }) else { throw mistake }
                labels.append([String(label), try self.unescaped(value, mistake)])
                let end = rest.prefix(2)
                rest = rest.dropFirst(2)
                if end == "\"}" { break }
                guard end == "\"," else { throw mistake }
            }
        }
        guard rest.first == " ", let value = self.number(rest.dropFirst()) else { throw mistake }
        return Sample(String(name), labels, value)
    }

    private static func number(_ text: Substring) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.allSatisfy { "0123456789.e+-".contains($0) } ? Double(text) : nil
        }
    }

    private static func unescaped(_ text: String, _ mistake: Mistake) throws -> String {
        var result = ""
        var isEscaped = false
        for character in text {
            switch (isEscaped, character) {
            case (false, "\\"): isEscaped = true
            case (false, _): result.append(character)
            case (true, "n"): (result, isEscaped) = (result + "\n", false)
            case (true, "\\"), (true, "\""): (result, isEscaped) = (result + String(character), false)
            default: throw mistake
            }
        }
        guard !isEscaped else { throw mistake }
        return result
    }

    private static func isName(_ text: String) -> Bool {
        text.utf8.first.map { !(0x30...0x39).contains($0) } == true
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x5F }
    }
}
