import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("The feed over the admin interface", .timeLimit(.minutes(25)))
struct FeedTests {
    @Test(
        "a reader gets every event in its order, and hears of what happens while it waits",
        arguments: StoreKind.allCases
    )
    func follows(_ store: StoreKind) async throws {
        var settings = Place.Settings(tellsStatus: true)
        settings.more = "admin: { failuresPerMinute: 100000 },"
        try await RunningGatehouse.serve(settings, on: store) { gatehouse in
            let client = try await gatehouse.client("events:read", "devices:read")
            _ = try await gatehouse.device(of: "kim")
            let feed = try await client.get("/api/v1/events?wait=30&kinds=enrolled").json
            let event = try #require(feed["events"]?[0])
            #expect(event["specversion"] == .string("1.0"))
            #expect(event["type"] == .string("gatehouse.device.enrolled"))
            let id = try #require(event["subject"]?.text)
            let next = try #require(feed["next"]?.text)
            // Somebody waits, and hears of what is ordered meanwhile.
            async let later = client.get("/api/v1/events?wait=60&kinds=revoked&after=\(next)")
            _ = try await gatehouse.place.command(["device", "retire", id, "--reason", "a test"])
            let end = try await later.json
            #expect(end["events"]?[0]?["type"] == .string("gatehouse.device.revoked"))
            #expect(end["events"]?[0]?["subject"] == .string(id))
            let all = try await client.get("/api/v1/events?after=0").json
            #expect((all["events"]?.count ?? 0) >= 2)
        }
    }
}
