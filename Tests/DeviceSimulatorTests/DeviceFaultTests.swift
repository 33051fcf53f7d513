import Testing

@testable import DeviceSimulator

@Suite("A refusal as the device reads it")
struct DeviceFaultTests {
    private func fault(_ text: String, status: Int = 500) throws -> DeviceFault {
        let answer = GoldenAnswers.http(text, status: status)
        let read = try SOAPAnswer(
            answer,
            expecting: GoldenAnswers.tokenAction,
            relatingTo: GoldenAnswers.messageID,
            Judge(step: .enroll)
        )
        guard case .fault(let fault) = read else { throw CancellationError() }
        return fault
    }

    @Test("all its parts are read, whether it comes with 500 or 200", arguments: [500, 200])
    func parts(status: Int) throws {
        let fault = try self.fault(GoldenAnswers.fault, status: status)
        #expect(fault.subcode == "Authorization")
        #expect(fault.errorType == "DeviceCapReached")
        #expect(fault.reason == "Too many devices.")
        #expect(fault.traceID == "K7Q4-9M2X-TC3H")
        #expect(fault.httpStatus == status)
        #expect(fault.deviceCode == "0x80180013")
        #expect(fault.description.contains("K7Q4-9M2X-TC3H"))
    }

    @Test(
        "the device's number follows the subcode when there is no finer word",
        arguments: [
            ("s:MessageFormat", "0x80180001"), ("s:Authentication", "0x80180002"), ("s:Authorization", "0x80180003"),
            ("s:CertificateRequest", "0x80180004"), ("s:EnrollmentServer", "0x80180005"),
            ("a:InternalServiceFault", "0x80180006"), ("a:InvalidSecurity", "0x80180007"),
        ]
    )
    func codes(subcode: String, code: String) throws {
        let plain = try Mutation("<ErrorType>DeviceCapReached</ErrorType>", "", .body).apply(to: GoldenAnswers.fault)
        let text = try Mutation("s:Authorization", subcode, .body).apply(to: plain)
        #expect(try self.fault(text).deviceCode == code)
    }

    @Test("an unknown subcode has no number")
    func unknown() throws {
        let plain = try Mutation("DeviceCapReached", "Other", .body).apply(to: GoldenAnswers.fault)
        #expect(try self.fault(Mutation("s:Authorization", "s:Other", .body).apply(to: plain)).deviceCode == nil)
    }

    @Test("the published form in lower case is understood")
    func lowerCase() throws {
        let text = """
            <s:envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:body><s:fault><s:code>\
            <s:value>s:receiver</s:value><s:subcode><s:value>s:authentication</s:value></s:subcode></s:code>\
            <s:reason><s:text>no</s:text></s:reason></s:fault></s:body></s:envelope>
            """
        #expect(try self.fault(text).deviceCode == "0x80180002")
    }
}
