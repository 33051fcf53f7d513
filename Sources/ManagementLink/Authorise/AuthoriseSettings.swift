/// How somebody outside is asked whether a device may have a certificate.
package struct AuthoriseSettings: Hashable, Sendable {
    /// What it means that nobody answers.
    package enum Silence: String, Hashable, Sendable, CaseIterable {
        /// No: the device is told that the server is being maintained, and comes again.
        case refuse
        /// Yes; the attempt's record says that nobody was heard.
        case admit
    }

    /// What records call the place: its address without query and credentials.
    package var name: String
    package var onSilence: Silence
    /// From the question to the last octet of the answer.
    package var timeLimit: Duration
    /// After so many silences in a row nobody is asked for a while, so that not every device waits in vain.
    package var failuresToPause: Int
    /// How long that is, in seconds; then one device at a time asks again.
    package var pauseSeconds: Int64

    package init(
        name: String,
        onSilence: Silence = .refuse,
        timeLimit: Duration = .seconds(5),
        failuresToPause: Int = 5,
        pauseSeconds: Int64 = 10
    ) {
        self.name = name
        self.onSilence = onSilence
        self.timeLimit = timeLimit
        self.failuresToPause = failuresToPause
        self.pauseSeconds = pauseSeconds
    }
}
