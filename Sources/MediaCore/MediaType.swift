/// What kind of file a record is; the seed's `MediaType`.
package enum MediaType: String, CaseIterable, Sendable {
    case image = "IMAGE"
    case video = "VIDEO"
    case audio = "AUDIO"
    case document = "DOCUMENT"
    case other = "OTHER"
}
