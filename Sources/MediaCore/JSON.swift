/// A JSON value (RFC 8259) that keeps the order of an object's members.
///
/// Foundation's coder loses that order and takes the last of two members with the same name; a record's fields have an
/// order, and a repeated member is refused.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number that is no `Int64`, as its text: a value beyond 64 bits or with a fraction comes back as it came.
    case decimal(String)
    case string(String)
    case array([JSON])
    /// An array of numbers from 0 to 255, where the parser was asked to keep such ones as bytes.
    case bytes([UInt8])
    case object([Member])

    /// A member of an object.
    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSON

        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// A string, or `null`.
    package init(_ text: String?) {
        self = text.map(JSON.string) ?? .null
    }

    /// A finite number.
    package init(_ number: Double) {
        self = .decimal("\(number)")
    }

    /// The value of an object's member, or nil where there is none.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { ExactText($0.name) == ExactText(name) }?.value
    }

    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A number that has nothing behind its point, as JavaScript and JSON Schema have whole numbers: `60.0`, `6e1`.
    package var wholeNumber: Int64? {
        guard case .decimal(let text) = self, let number = Double(text) else { return nil }
        // Beyond this not each whole number has a value of its own.
        return abs(number) <= 9_007_199_254_740_992 ? Int64(exactly: number) : nil
    }

    package var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// Any number, as near as a `Double` comes to it.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .decimal(let text): Double(text)
        default: nil
        }
    }

    package var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    package var array: [JSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    package var object: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    package var isNull: Bool { self == .null }

    /// What kind of value this is, as an error message names it.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .decimal: "a number"
        case .string: "a string"
        case .array, .bytes: "an array"
        case .object: "an object"
        }
    }
}
