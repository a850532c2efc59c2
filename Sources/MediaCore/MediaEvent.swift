/// Something that has become of a record, as others are told of it.
package struct MediaEvent: Equatable, Sendable {
    /// What it is, in the platform's words.
    package enum Kind: String, CaseIterable, Sendable {
        case created = "media.created"
        case updated = "media.updated"
        /// The file can be had from now on.
        case ready = "media.ready"
        case failed = "media.failed"
        case deleted = "media.deleted"

        /// What a change is told as, in this order.
        ///
        /// - Parameters:
        ///   - old: nil: the record is new.
        ///   - new: nil: it is gone, of which was told when it was deleted.
        package static func kinds(from old: Media?, to new: Media?) -> [Kind] {
            guard let new else { return [] }
            let step: Kind? =
                switch new.status {
                case .ready: .ready
                case .failed: .failed
                case .deleted: .deleted
                default: nil
                }
            guard let old else { return [.created] + [step].compactMap(\.self) }
            return [old.status == new.status ? .updated : step ?? .updated]
        }
    }

    /// `evt_` and 32 hexadecimal digits; the same wherever it is sent, and however often.
    package var id: String
    package var kind: Kind
    package var mediaID: MediaID
    /// The record as it is then, as JSON.
    package var data: String
    package var at: Timestamp

    package init(id: String, kind: Kind, mediaID: MediaID, data: String, at: Timestamp) {
        self.id = id
        self.kind = kind
        self.mediaID = mediaID
        self.data = data
        self.at = at
    }
}
