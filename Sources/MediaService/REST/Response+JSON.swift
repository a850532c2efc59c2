import HTTPTypes
import MediaCore
import MediaHTTP

extension Response {
    static func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, contentType: "application/json", body: value.bytes)
    }

    /// A record.
    static func media(_ media: Media, status: HTTPResponse.Status = .ok, _ context: Context) -> Response {
        var response = Response.json(media.json(baseURL: context.environment.baseURL), status: status)
        response.fields[.eTag] = media.entityTag
        return response
    }
}

extension Request {
    func caller(_ context: Context) throws -> Caller {
        try Authenticate.caller(authorization: header("HTTP_AUTHORIZATION"), context).caller
    }

    /// Refuses any query where none has a meaning.
    func requireNoQuery() throws(HTTPError) {
        _ = try QueryParameters(query, allowed: [])
    }
}
