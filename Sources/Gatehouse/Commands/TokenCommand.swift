import AdminAPI
public import ArgumentParser
import Authority
public import EnrollmentCore
import Ledger

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Let machines use the admin interface: make, list and revoke tokens.",
        subcommands: [Create.self, List.self, Revoke.self]
    )

    struct Create: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token. It is shown this once, on standard output; the store keeps a digest alone.",
            discussion: """
                  gatehouse token create mdm-sync --owner "Device team" --scope events:read --scope contacts:write
                  gatehouse token create web --owner web@corp.example --scope identities:read --expires-in 30d
                  gatehouse token create mdm-sync --owner "Device team" --scope events:read > /etc/mdm/gatehouse.token

                It counts within two seconds. Scopes: \(APIScope.allCases.map(\.rawValue).joined(separator: ", ")).
                """
        )

        private static let longest = 100

        @OptionGroup var common: CommonOptions
        @Argument(help: "What the token is called; no other valid one may be called so.")
        var name: String
        @Option(help: "What it may be used for; once for each scope.")
        var scope: [APIScope]
        @Option(help: "The person or team who answers for it.")
        var owner: String
        @Option(help: "Days after which it ends.")
        var expiresIn = DayCount(days: 90)
        @Option(help: "Why, in your words; kept with the record of the act.")
        var reason: String?
        @Option(help: "Number of the ticket in your own system.")
        var ticket: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            for (option, text) in [("the name", self.name), ("--owner", self.owner)] {
                guard !text.allSatisfy(\.isWhitespace), text.count <= Self.longest,
                    text.unicodeScalars.allSatisfy({ !$0.steersTerminals })
                else {
                    throw .usage("\(option) takes 1 to \(Self.longest) readable characters", see: "token create")
                }
            }
            let reason = self.reason ?? "a token for \(self.owner)"
            let mandate = try OrderOptions.mandate(reason: reason, ticket: self.ticket)
            let now = SystemClock().now
            let (secret, token, act) = try await answer {
                () throws(EnrollmentError) -> (TokenSecret, APIToken, AdministrativeAct) in
                let secret = TokenSecret(random: try OpenSSLRandomSource().octets(TokenSecret.randomOctets))
                let token = APIToken(
                    id: secret.id,
                    digest: try secret.digest(),
                    name: self.name,
                    owner: self.owner,
                    scopes: Set(self.scope),
                    created: now,
                    expires: now.adding(days: self.expiresIn.days)
                )
                return (secret, token, try mandate.act(.createToken, at: now))
            }
            try await self.common.withWritableLedger { (ledger, _) throws(CommandProblem) in
                do throws(EnrollmentError) {
                    try await ledger.insert(token, by: act)
                } catch {
                    guard error.rule == "token.name" else { throw CommandProblem(error) }
                    throw CommandProblem(
                        "GH-TOKEN-001",
                        "there is a valid token called \(self.name)",
                        [("try", "another name, or gatehouse token revoke \(self.name) --reason …")],
                        exit: .refused
                    )
                }
            }
            if !self.common.json {
                let scopes = token.scopeNames.joined(separator: ", ")
                Terminal.explain(
                    "token \(token.id) for \(scopes) until \(token.expires); it is not shown again. Trace \(act.traceID).\n"
                )
            }
            return CommandOutput(
                text: secret.text.reveal() + "\n",
                json: .object([
                    ("schema", .string("gatehouse.token/1")), ("secret", .string(secret.text.reveal())),
                    ("token", token.json(at: now)), ("act", act.json),
                ])
            )
        }
    }

    struct List: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "List tokens, the newest first, ended ones too.",
            discussion: """
                  gatehouse token list
                  gatehouse token list --limit 500 --json
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var page: PageOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let size = try self.page.size()
            let now = SystemClock().now
            let page = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                try await ledger.tokens(after: self.page.after, limit: size)
            }
            var table = Table("Token", "Name", "Owner", "Scopes", "Standing", "Ends", "Last used")
            for token in page.elements {
                table.append(
                    token.id,
                    token.name,
                    token.owner,
                    token.scopeNames.joined(separator: " "),
                    token.standing(at: now),
                    "\(token.expires)",
                    token.lastUsed.map { "\($0)" }
                )
            }
            return CommandOutput(
                text: table.text + Listing.footer(page.next),
                json: Listing.json(
                    "gatehouse.token-list/1",
                    "tokens",
                    page.elements.map { $0.json(at: now) },
                    next: page.next
                )
            )
        }
    }

    struct Revoke: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a token: nothing is opened by it within two seconds.",
            discussion: """
                  gatehouse token revoke mdm-sync --reason "server replaced"
                  gatehouse token revoke 7Q4K9M2XTC32 --reason "found in a log" --ticket INC0048812

                A second time says when it was done and does nothing. Exit codes: 0 done or done before, 3 no such token.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The token's id, or the name of one that is valid.")
        var token: String
        @OptionGroup var order: OrderOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let mandate = try self.order.mandate()
            let now = SystemClock().now
            let act = try await answer { () throws(EnrollmentError) in try mandate.act(.revokeToken, at: now) }
            let found = try await self.common.withWritableLedger { (ledger, _) throws(CommandProblem) in
                try await answer { () throws(EnrollmentError) in try await ledger.revokeToken(self.token, by: act) }
            }
            guard let (token, isNew) = found else { throw .notFound("token", self.token, "gatehouse token list") }
            let moment = token.revoked.map { "\($0)" } ?? "-"
            let trace = isNew ? " Trace \(act.traceID)." : ""
            return CommandOutput(
                text:
                    "\(Table.printable(token.name))  \(token.id)  \(isNew ? "revoked" : "was revoked") \(moment).\(trace)\n",
                json: .object([
                    ("schema", .string("gatehouse.token-revocation/1")), ("new", .boolean(isNew)),
                    ("token", token.json(at: now)), ("act", isNew ? act.json : .null),
                ])
            )
        }
    }
}

extension APIScope: ExpressibleByArgument {}

extension APIToken {
    /// In the order in which scopes are declared.
    var scopeNames: [String] { APIScope.allCases.filter(self.scopes.contains).map(\.rawValue) }

    func standing(at now: Timestamp) -> String {
        self.revoked != nil ? "revoked" : self.isValid(at: now) ? "valid" : "expired"
    }

    func json(at now: Timestamp) -> JSONValue {
        .object([
            ("id", .string(self.id)), ("name", .string(self.name)), ("owner", .string(self.owner)),
            ("scopes", .array(self.scopeNames.map { .string($0) })), ("standing", .string(self.standing(at: now))),
            ("created", .time(self.created)), ("expires", .time(self.expires)), ("lastUsed", .time(self.lastUsed)),
            ("revoked", .time(self.revoked)),
        ])
    }
}
