import MediaCore
import MediaHTTP

/// The members of a JSON object in a request's body, checked as they are taken, so that all that is wrong is said at once.
struct BodyFields {
    private let object: JSON
    /// What stands before a member's name in messages, such as `links[3].`.
    private let prefix: String
    private(set) var errors: [Problem.FieldError] = []

    /// - Parameter known: members that mean something here.
    init(_ members: [JSON.Member], known: Set<String>, prefix: String = "") {
        object = .object(members)
        self.prefix = prefix
        for member in members where !known.contains(member.name) {
            errors.append(.init(prefix + member.name.prefix(100), "unknown field"))
        }
    }

    /// Notes that a member is wrong.
    mutating func refuse(_ name: String, _ reason: String) {
        errors.append(.init(prefix + name, reason))
    }

    /// Notes that a member is missing, unless something is said of it already.
    mutating func require(_ name: String) {
        if !errors.contains(where: { $0.field == prefix + name }) { refuse(name, "must be given") }
    }

    /// A JSON object; nil where the member is absent or null, or isn't one.
    mutating func object(_ name: String) -> JSON? {
        guard let value = object[name], !value.isNull else { return nil }
        if value.object == nil { refuse(name, "must be a JSON object, not \(value.kind)") }
        return value
    }

    /// A text that `fault` finds nothing wrong with; nil where the member is absent or null, or isn't one.
    mutating func text(_ name: String, _ fault: (String) -> String?) -> String? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let text = value.string else {
            refuse(name, "must be a string, not \(value.kind)")
            return nil
        }
        if let fault = fault(text) { refuse(name, fault) }
        return text
    }

    mutating func integer(_ name: String, _ range: ClosedRange<Int64>) -> Int64? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let number = value.integer ?? value.wholeNumber, range.contains(number) else {
            refuse(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func bool(_ name: String) -> Bool? {
        guard let value = object[name], !value.isNull else { return nil }
        if value.bool == nil { refuse(name, "must be true or false, not \(value.kind)") }
        return value.bool
    }

    /// - Throws: 400 with all that was wrong.
    func finish() throws(Problem) {
        guard errors.isEmpty else { throw .invalid(errors) }
    }
}

extension Request {
    /// What `Content-Type` says, without parameters and in lower case.
    func mediaType() throws(HTTPError) -> String? {
        guard let contentType else { return nil }
        return try ParameterizedHeader(contentType, field: "Content-Type").value
    }

    /// The members of the JSON object that the body is.
    ///
    /// - Parameter limit: bytes.
    func jsonObject(limit: Int, types: Set<String> = ["application/json"], maxDepth: Int = 8) throws -> [JSON.Member] {
        let bytes = try jsonBytes(limit: limit, types: types)
        let value: JSON
        do throws(JSONParser.Failure) {
            value = try JSONParser.parse(bytes, maxDepth: maxDepth)
        } catch {
            throw Problem.noJSON("body", error)
        }
        guard let members = value.object else {
            throw Problem.invalid("body", "must be a JSON object")
        }
        return members
    }

    /// The body, which is to be JSON.
    ///
    /// - Parameter limit: bytes.
    func jsonBytes(limit: Int, types: Set<String> = ["application/json"]) throws -> [UInt8] {
        // Mostly it is nothing but that.
        if contentType != "application/json" {
            guard let type = try mediaType(), types.contains(type) else {
                throw Problem.unsupportedType("Content-Type", "must be \(types.sorted().joined(separator: " or "))")
            }
        }
        return try body(limit: limit)
    }
}

extension Problem {
    /// 400: a text that is to be JSON is none.
    static func noJSON(_ name: String, _ failure: JSONParser.Failure) -> Problem {
        .invalid(name, "is no JSON: \(failure.reason), at byte \(failure.offset)")
    }
}
