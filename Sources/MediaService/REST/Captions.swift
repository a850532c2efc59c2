import HTTPTypes
import MediaCore
import MediaHTTP

/// `PUT` and `DELETE /v1/media/{id}/captions/{language}`: a film's text tracks.
enum Captions {
    /// Bytes of a track.
    static let limit = 4 << 20

    @Sendable static func put(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, .replaceFile)
        try request.requireNoQuery()
        let text = try request.body(limit: limit)
        return .media(try TextTracks(context: context).put(text, path["language"], of: path["id"], caller), context)
    }

    @Sendable static func delete(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, .replaceFile)
        try request.requireNoQuery()
        return .media(try TextTracks(context: context).remove(path["language"], of: path["id"], caller), context)
    }
}
