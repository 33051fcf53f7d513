import ArgumentParser

struct CACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "Look at the authority's keys and change them: prepare, publish, activate, drain, retire.",
        discussion: """
            The routine, each step when the one before has done its work; ca status names the next one:

              gatehouse ca prepare              a new key and its certificate; nobody is told
              gatehouse ca publish 2026-B       devices get the certificate before they need it
              gatehouse ca activate 2026-B      it signs from now on; its predecessor drains
              gatehouse ca drain 2026-A         who still holds a certificate of the predecessor
              gatehouse ca retire 2026-A        nothing hangs on it any more: its key is destroyed

            Every step is only rehearsed unless --commit --plan ID is given, with the id of the rehearsal. A running
            service needs no restart: it follows within two seconds.
            """,
        subcommands: [
            Status.self, Plan.self, Prepare.self, Publish.self, Activate.self, Drain.self, Retire.self, Abort.self,
            Adoption.self, Compromise.self, Links.self, Import.self, Ceremonies.self, Reseal.self,
        ]
    )
}
