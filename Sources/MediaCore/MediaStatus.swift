/// Where a record stands in its life; the seed's `MediaStatus`.
package enum MediaStatus: String, CaseIterable, Sendable {
    case processing = "PROCESSING"
    case ready = "READY"
    case failed = "FAILED"
    case deleted = "DELETED"
}
