public import SQLText

public enum PostgresValue: Hashable, Sendable { case null(PostgresType), integer(Int64), text(String), octets([UInt8]) }
public struct PostgresStatement: Sendable { public init(_ sql: SQL, text: String) {} }
public struct PostgresTicket: Sendable {}
public final class PostgresRows {
    public var count: Int { 0 }; public var affected: Int { 0 }
    public func isNull(_ r: Int, _ c: Int) -> Bool { true }
    public func integer(_ r: Int, _ c: Int) -> Int64 { 0 }
    public func text(_ r: Int, _ c: Int) -> String { "" }
    public func octets(_ r: Int, _ c: Int) -> [UInt8] { [] }
}
public struct PostgresError: Error {
    public enum Kind: Sendable { case connectionLost, deadlinePassed, other }; public let kind: Kind
}
public final class PostgresConnection {
    public init() {}
    public func send(_ s: PostgresStatement, _ p: [PostgresValue]) throws(PostgresError) -> PostgresTicket {
        PostgresTicket()
    }
    public func rows(for t: PostgresTicket) throws(PostgresError) -> PostgresRows { PostgresRows() }
    public func synchronize() throws(PostgresError) {}
    public var isBroken: Bool { false }
}
