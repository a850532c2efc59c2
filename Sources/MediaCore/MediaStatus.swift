/// Where a record stands in its life; the seed's `MediaStatus`.
package enum MediaStatus: String, CaseIterable, Sendable {
    case processing = "PROCESSING"
    case ready = "READY"
    case failed = "FAILED"
    case deleted = "DELETED"

    /// A step that no record can take.
    package struct WrongStep: Error, Equatable {
        package let from: MediaStatus
        package let to: MediaStatus
    }

    /// Whether a record may go from here to there. A deleted one goes back to what it was, by `Media.restore` only.
    package func canBecome(_ next: MediaStatus) -> Bool {
        switch (self, next) {
        case (.processing, .ready), (.processing, .failed): true
        // Another file, or another try.
        case (.ready, .processing), (.failed, .processing): true
        case (.processing, .deleted), (.ready, .deleted), (.failed, .deleted): true
        default: false
        }
    }
}
