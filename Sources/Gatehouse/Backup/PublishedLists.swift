import Authority
import CurlKit
import EnrollmentCore
import Glibc
import Ledger

/// Looks for CRLs that were published after a backup was made.
struct PublishedLists {
    private static let largest = 64 << 20
    /// Milliseconds for all that is asked for of the authority's own address.
    private static let patience = Duration.seconds(20)

    let issuers: [IssuerRecord]

    /// One CRL, and where it was seen.
    typealias Seen = (crl: SeenCRL, source: String)

    // MARK: Named

    /// Reads a CRL that somebody named: a file, PEM or DER, or an address.
    func named(_ name: String) throws(CommandProblem) -> Seen {
        let octets =
            name.hasPrefix("http://") || name.hasPrefix("https://") ? try Self.fetched(name) : try Self.read(name)
        do throws(EnrollmentError) {
            let der = PEM.decode(octets, labels: ["X509 CRL"])?.der ?? octets
            return (try SeenCRL(reading: der, by: self.issuers), name)
        } catch {
            throw CommandProblem(
                "GH-BACKUP-007",
                "--published \(name) is no CRL of this authority: \(error.detail)",
                [("try", "leave it out, or name a CRL as it was fetched")],
                exit: .usage
            )
        }
    }

    private static func read(_ file: String) throws(CommandProblem) -> [UInt8] {
        do throws(FileError) {
            return try FilePath.read(file, limit: self.largest)
        } catch {
            throw CommandProblem("GH-BACKUP-007", "--published cannot be read: \(error)", exit: .usage)
        }
    }

    private static func fetched(_ url: String) throws(CommandProblem) -> [UInt8] {
        let response: CurlResponse
        do throws(CurlError) {
            response = try CurlSession(Self.options).perform(.get(url))
        } catch {
            throw CommandProblem("GH-BACKUP-007", "--published \(url) was not answered: \(error)", exit: .unavailable)
        }
        guard response.status == 200 else {
            throw CommandProblem(
                "GH-BACKUP-007",
                "--published \(url) was answered with status \(response.status)",
                exit: .unavailable
            )
        }
        return response.body
    }

    private static var options: CurlOptions {
        var options = CurlOptions()
        options.connectTimeout = 2_000
        options.timeout = 10_000
        options.maximumResponseSize = Self.largest
        return options
    }

    // MARK: Where they are published

    /// Asks the authority's own address, or a cache before it, for each CRL that the backup knows of.
    ///
    /// - Parameters:
    ///   - addresses: Where CRLs are published.
    ///   - shards: What the backup knows of.
    /// - Returns: What was found, and a sentence on how the asking went.
    func published(at addresses: AuthorityAddresses, _ shards: [CRLShard]) -> (lists: [Seen], note: String) {
        let end = ContinuousClock.now + Self.patience
        var lists: [Seen] = []
        var others = 0
        do throws(CurlError) {
            let session = try CurlSession(Self.options)
            for shard in shards {
                guard ContinuousClock.now < end else {
                    return (
                        lists, "\(addresses.base): \(lists.count) of \(shards.count) CRLs in the time that there is"
                    )
                }
                let url = addresses.crl(of: shard)
                let response = try session.perform(.get(url))
                // What is there may be anything; only what an issuer has signed says something.
                if response.status == 200, let crl = try? SeenCRL(reading: response.body, by: self.issuers) {
                    lists.append((crl, url))
                } else {
                    others += 1
                }
            }
        } catch {
            return (
                lists,
                "\(addresses.base) does not answer (\(error.kind.rawValue)): it says nothing about what came after"
            )
        }
        return (lists, "\(addresses.base): \(lists.count) CRLs, \(others) not there, or not of this authority")
    }
}
