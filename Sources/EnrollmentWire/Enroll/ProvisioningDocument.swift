internal import EnrollmentCore
internal import XMLKit

/// The `wap-provisioningdoc` that makes an enrolled device: trust, certificate, account, schedule ([MS-MDE2] § 2.2.9).
///
/// It keeps to CertificateStore, APPLICATION and DMClient: Windows 11 refuses a RootCATrustedCertificates at the top. It
/// leaves SSLCLIENTCERTSEARCHCRITERIA out; the client then uses the certificate delivered with the account.
struct ProvisioningDocument {
    let enrollment: Enrollment
    let settings: ManagementSettings
    /// SHA-1 over each of the enrollment's authorities, in their order.
    let authorityThumbprints: [[UInt8]]

    /// - Returns: The document on one line, without an XML declaration.
    func octets() -> [UInt8] {
        var writer = XMLWriter(capacity: 8192)
        writer.element("wap-provisioningdoc", ["version": "1.1"]) { writer in
            writer.characteristic("CertificateStore") { writer in
                writer.authorities(self.enrollment.authorities, thumbprints: self.authorityThumbprints)
            }
            self.writeCertificate(to: &writer)
            self.writeApplication(to: &writer)
            self.writeClient(to: &writer)
        }
        return writer.octets
    }

    private func writeCertificate(to writer: inout XMLWriter) {
        let store = self.enrollment.claims.enrollmentType == .device ? "System" : "User"
        let certificate = self.enrollment.certificate
        writer.characteristic("CertificateStore") { writer in
            writer.characteristic("My") { writer in
                writer.characteristic(store) { writer in
                    writer.certificate(certificate.der, thumbprint: certificate.windowsThumbprint)
                    writer.characteristic("PrivateKeyContainer") { _ in }
                }
                writer.characteristic("WSTEP") { writer in
                    writer.characteristic("Renew") { writer in
                        let renewal = self.enrollment.renewal
                        writer.parameter("ROBOSupport", true)
                        writer.parameter("RenewPeriod", renewal.renewPeriodDays)
                        writer.parameter("RetryInterval", renewal.retryIntervalDays)
                        if let url = self.settings.renewalURL { writer.parameter("ServerURL", url, type: "string") }
                    }
                }
            }
        }
    }

    private func writeApplication(to writer: inout XMLWriter) {
        let account = self.enrollment.account
        writer.characteristic("APPLICATION") { writer in
            writer.parameter("APPID", "w7")
            writer.parameter("PROVIDER-ID", self.settings.providerID)
            writer.parameter("NAME", self.settings.name)
            writer.parameter("ADDR", self.settings.address)
            writer.parameter("CONNRETRYFREQ", "\(self.settings.connectionRetries)")
            writer.parameter("INITIALBACKOFFTIME", "\(self.settings.initialBackoff)")
            writer.parameter("MAXBACKOFFTIME", "\(self.settings.maximumBackoff)")
            writer.parameter("BACKCOMPATRETRYDISABLED", nil)
            writer.parameter("DEFAULTENCODING", "application/vnd.syncml.dm+xml")
            writer.parameter("PROTOVER", "1.2")
            // Both need their first nonce: without it Windows 11 enrolls and then fails to make the account.
            writer.characteristic("APPAUTH") { writer in
                writer.parameter("AAUTHLEVEL", "CLIENT")
                writer.parameter("AAUTHTYPE", "DIGEST")
                writer.parameter("AAUTHSECRET", account.serverSecret.reveal())
                writer.parameter("AAUTHDATA", account.serverNonce)
            }
            writer.characteristic("APPAUTH") { writer in
                writer.parameter("AAUTHLEVEL", "APPSRV")
                writer.parameter("AAUTHTYPE", "DIGEST")
                writer.parameter("AAUTHNAME", account.clientName)
                writer.parameter("AAUTHSECRET", account.clientSecret.reveal())
                writer.parameter("AAUTHDATA", account.clientNonce)
            }
        }
    }

    private func writeClient(to writer: inout XMLWriter) {
        let user = self.enrollment.user.principalName
        writer.characteristic("DMClient") { writer in
            writer.characteristic("Provider") { writer in
                writer.characteristic(self.settings.providerID) { writer in
                    writer.parameter("UPN", user, type: "string")
                    writer.parameter("EntDeviceName", self.enrollment.claims.deviceName ?? user, type: "string")
                    writer.parameter("EntDMID", "\(self.enrollment.device)", type: "string")
                    self.writeAddresses(to: &writer)
                    self.writePoll(to: &writer)
                }
            }
        }
    }

    /// The list takes the place of ADDR on devices that know it, so it repeats it (§ 2.2.9.3).
    private func writeAddresses(to writer: inout XMLWriter) {
        guard !self.settings.furtherAddresses.isEmpty else { return }
        let list = ([self.settings.address] + self.settings.furtherAddresses).map { "<\($0)>" }.joined()
        writer.parameter("ManagementServerAddressList", list, type: "string")
    }

    private func writePoll(to writer: inout XMLWriter) {
        let poll = self.settings.poll
        writer.characteristic("Poll") { writer in
            writer.parameter("NumberOfFirstRetries", poll.firstRetries)
            writer.parameter("IntervalForFirstSetOfRetries", poll.firstInterval)
            writer.parameter("NumberOfSecondRetries", poll.secondRetries)
            writer.parameter("IntervalForSecondSetOfRetries", poll.secondInterval)
            writer.parameter("NumberOfRemainingScheduledRetries", poll.remainingRetries)
            writer.parameter("IntervalForRemainingScheduledRetries", poll.remainingInterval)
            writer.parameter("PollOnLogin", poll.pollsOnLogin)
            writer.parameter("AllUsersPollOnFirstLogin", poll.pollsOnFirstLogin)
        }
    }
}
