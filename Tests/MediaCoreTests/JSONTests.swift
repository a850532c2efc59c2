import MediaCore
import Testing

struct JSONTests {
    private static let values: [JSON] = [
        .null, .bool(false), .integer(0), .decimal("0.0"), .string(""), .array([]), .object([]),
    ]

    @Test(
        "names the kind of a value as messages do",
        arguments: zip(
            values, ["null", "a boolean", "a number", "a number", "a string", "an array", "an object"]))
    func kind(value: JSON, name: String) {
        #expect(value.kind == name)
    }

    @Test("an accessor answers for its own kind only")
    func accessors() {
        #expect(Self.values.map { $0.bool } == [nil, false, nil, nil, nil, nil, nil])
        #expect(Self.values.map { $0.integer } == [nil, nil, 0, nil, nil, nil, nil])
        #expect(Self.values.map { $0.string } == [nil, nil, nil, nil, "", nil, nil])
        #expect(Self.values.map { $0.array } == [nil, nil, nil, nil, nil, [], nil])
        #expect(Self.values.map { $0.object } == [nil, nil, nil, nil, nil, nil, []])
        #expect(Self.values.map { $0.isNull } == [true, false, false, false, false, false, false])
    }

    @Test("a member is found by its name; null is a value, an absent member is none")
    func member() {
        let value = JSON.object([.init("a", .null), .init("b", .integer(1))])
        #expect(value["a"] == .some(.null))
        #expect(value["b"] == .integer(1))
        #expect(value["c"] == nil)
        #expect(JSON.array([.integer(1)])["a"] == nil)
    }

    @Test("a text that isn't there is null")
    func optionalText() {
        #expect(JSON(nil) == .null)
        #expect(JSON("") == .string(""))
        #expect(JSON("null") == .string("null"))
    }
}
