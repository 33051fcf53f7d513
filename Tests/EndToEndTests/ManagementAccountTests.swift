import DeviceSimulator
import EnrollmentTestKit
import Foundation
import ServiceRuntime
import Testing

@Suite("Several management accounts", .timeLimit(.minutes(25)))
struct ManagementAccountTests {
    @Test(
        "are given by group, and stay with the device when it renews, whatever becomes of rule and account",
        arguments: StoreKind.allCases
    )
    func byGroup(_ store: StoreKind) async throws {
        var settings = Place.Settings()
        settings.more = "renewal: { windowDays: 365 },"
        let group = try RunningGatehouse.directory.get().group("staff")
        settings.moreManagement = """
            accounts: [{ providerId: "Branch", addresses: ["https://b1.example/omadm", "https://b2.example/omadm"],
                         poll: "eager" }],
            rules: [{ name: "staff", groups: ["\(group)"], providerId: "Branch", ownership: "corporate" }],
            """
        try await RunningGatehouse.serve(settings, on: store) { gatehouse in
            // Kim is of the staff, Lee is not.
            let kim = try await gatehouse.simulation("kim").enroll()
            #expect(kim.providerID == "Branch")
            #expect(kim.managementAddress == "https://b1.example/omadm")
            let lee = try await gatehouse.simulation("lee").enroll()
            #expect(lee.providerID == "Gatehouse")
            #expect(lee.managementAddress == "https://mdm.corp.example/omadm")
            #expect(try await gatehouse.place.run(["doctor", "--only", "management-accounts"]).status == 0)
            #expect(!gatehouse.log.contains("not configured"))

            var changed = settings
            changed.moreManagement = ""
            try gatehouse.place.write(changed)
            if store == .postgres {
                // Replicas would answer differently from each other.
                let agreed = try await gatehouse.place.run([
                    "config", "agree", "--commit", "--reason", "one server is enough",
                ])
                #expect(agreed.status == 0, "\(agreed.errors)")
            }
            gatehouse.signal(SIGHUP)
            try await gatehouse.wait("the reload") { gatehouse.log.contains("configuration reloaded") }
            try await gatehouse.wait("the warning") {
                gatehouse.log.contains("management accounts that are not configured")
                    && gatehouse.log.contains("Branch")
            }
            let doctor = try await gatehouse.place.run(["doctor", "--only", "management-accounts"])
            #expect(doctor.output.contains("devices have the management account Branch"), "\(doctor.output)")
            let again = try await gatehouse.simulation("pat").enroll()
            #expect(again.providerID == "Gatehouse")

            for device in [kim, lee] {
                // A document that names another account than the device has breaks a rule.
                var renewal = WindowsRenewal([WindowsRenewal.Candidate(try #require(device.identity), RenewalPlan())])
                renewal.access = try gatehouse.simulation("kim").access
                let report = await renewal.run(until: ShutdownSignal())
                #expect(report.renewed == 1, "\(report.failures)")
            }
        }
    }
}
