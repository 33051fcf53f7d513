/// A named measurement with its samples, as Prometheus collects them.
package struct MetricFamily: Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Only ever grows, from 0 at the start of the process; its name ends in `_total`.
        case counter
        case gauge
        case histogram
    }

    /// One value and what tells it from its siblings.
    package struct Sample: Sendable {
        /// Behind the family's name, for the parts of a histogram.
        let suffix: String
        let labels: [(name: String, value: String)]
        let value: Double

        /// - Parameters:
        ///   - labels: In a fixed order; names of letters, digits and underscores, values of anything.
        ///   - value: In the unit that the family's name ends in.
        package init(_ labels: [(name: String, value: String)] = [], _ value: Double) {
            self.init(suffix: "", labels, value)
        }

        fileprivate init(suffix: String, _ labels: [(name: String, value: String)], _ value: Double) {
            precondition(labels.allSatisfy { MetricFamily.isName($0.name) }, "a metric's label has no proper name")
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    /// How many observations fell where.
    package struct Distribution: Sendable {
        package let labels: [(name: String, value: String)]
        /// Observations up to and including each bound, the bounds ascending; the infinite one is left out.
        package let buckets: [(bound: Double, count: Int)]
        package let count: Int
        package let sum: Double

        package init(
            _ labels: [(name: String, value: String)] = [],
            buckets: [(bound: Double, count: Int)],
            count: Int,
            sum: Double
        ) {
            self.labels = labels
            self.buckets = buckets
            self.count = count
            self.sum = sum
        }
    }

    let name: String
    let kind: Kind
    let help: String
    let samples: [Sample]

    private init(name: String, kind: Kind, help: String, samples: [Sample]) {
        precondition(Self.isName(name), "\(name) is no name for a metric")
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// What only grows.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and underscores, ending in `_total`.
    ///   - help: One sentence.
    ///   - samples: No two with the same labels.
    /// - Returns: The family.
    package static func counter(_ name: String, _ help: String, _ samples: [Sample]) -> MetricFamily {
        precondition(name.hasSuffix("_total"), "\(name): a counter's name ends in _total")
        return MetricFamily(name: name, kind: .counter, help: help, samples: samples)
    }

    /// What goes up and down; its name ends in its unit, such as `_seconds` or `_bytes`.
    package static func gauge(_ name: String, _ help: String, _ samples: [Sample]) -> MetricFamily {
        MetricFamily(name: name, kind: .gauge, help: help, samples: samples)
    }

    /// How values are distributed.
    package static func histogram(_ name: String, _ help: String, _ distributions: [Distribution]) -> MetricFamily {
        let samples = distributions.flatMap { distribution -> [Sample] in
            let buckets = distribution.buckets + [(.infinity, distribution.count)]
            return buckets.map { bucket in
                let bound = [(name: "le", value: PrometheusText.number(bucket.bound))]
                return Sample(suffix: "_bucket", distribution.labels + bound, Double(bucket.count))
            } + [
                Sample(suffix: "_sum", distribution.labels, distribution.sum),
                Sample(suffix: "_count", distribution.labels, Double(distribution.count)),
            ]
        }
        return MetricFamily(name: name, kind: .histogram, help: help, samples: samples)
    }

    fileprivate static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, ASCII.isLetter(first) || first == UInt8(ascii: "_") else { return false }
        return name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }
    }
}
