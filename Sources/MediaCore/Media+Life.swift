/// The steps of a record's life: there are no others.
extension Media {
    /// The file can be had from now on.
    package mutating func becomeReady() throws(MediaStatus.WrongStep) {
        try step(to: .ready)
    }

    /// The file can't be made use of.
    ///
    /// - Parameter reason: for people, up to 500 characters.
    package mutating func fail(_ reason: String) throws(MediaStatus.WrongStep) {
        try step(to: .failed)
        failureReason = TextRules.prefix(reason, 500)
    }

    /// The file is worked on once more.
    package mutating func reprocess() throws(MediaStatus.WrongStep) {
        try step(to: .processing)
        failureReason = nil
    }

    /// What somebody else's work on the file has come to.
    ///
    /// - Parameter reason: why it failed, if it did.
    package mutating func become(_ next: MediaStatus, because reason: String) throws(MediaStatus.WrongStep) {
        switch next {
        case status: break
        case .ready: try becomeReady()
        case .failed: try fail(reason)
        case .processing, .deleted: throw MediaStatus.WrongStep(from: status, to: next)
        }
    }

    /// Nobody can have the file from now on; until it is removed for good it can be restored.
    package mutating func delete(at moment: Timestamp) throws(MediaStatus.WrongStep) {
        let old = status
        try step(to: .deleted)
        deletion = Deletion(at: moment, status: old)
    }

    /// The record is what it was before it was deleted.
    package mutating func restore() throws(MediaStatus.WrongStep) {
        guard let deletion else { throw MediaStatus.WrongStep(from: status, to: .ready) }
        status = deletion.status
        self.deletion = nil
    }

    private mutating func step(to next: MediaStatus) throws(MediaStatus.WrongStep) {
        guard status.canBecome(next) else { throw MediaStatus.WrongStep(from: status, to: next) }
        status = next
    }
}
