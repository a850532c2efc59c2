import MediaCore
import Testing

/// The policy as tables: every kind of caller against every action, in every state of the record that matters.
struct AccessPolicyTests {
    private static let course = EntityReference(type: "course", id: "c1")

    /// The columns of the tables, in their order.
    private static let callers: [(name: String, caller: Caller)] = [
        ("anonymous", .anonymous),
        ("service without scope", .service(keyID: "key", scopes: [])),
        ("service that reads", .service(keyID: "key", scopes: [.read])),
        ("service that writes", .service(keyID: "key", scopes: [.write])),
        ("service that deletes", .service(keyID: "key", scopes: [.delete])),
        ("service that signs", .service(keyID: "key", scopes: [.sign])),
        ("owner", .user(User(id: "owner", roles: [.student]))),
        ("owner who teaches", .user(User(id: "owner", roles: [.instructor], entities: [course]))),
        ("enrolled", .user(User(id: "other", roles: [.student], entities: [course]))),
        ("teacher", .user(User(id: "other", roles: [.instructor], entities: [course]))),
        (
            "enrolled elsewhere",
            .user(User(id: "other", roles: [.student], entities: [EntityReference(type: "course", id: "c2")]))
        ),
        ("user without roles", .user(User(id: "other"))),
        ("administrator", .user(User(id: "other", roles: [.admin]))),
        ("operator", .operator),
    ]

    /// What a letter in a table stands for.
    private static let decisions: [Character: AccessPolicy.Decision] = [
        "s": .allowed(.scope), "p": .allowed(.publicFile), "a": .allowed(.admin), "o": .allowed(.owner),
        "m": .allowed(.own), "e": .allowed(.entity), "l": .allowed(.link),
        "?": .refused(.unauthenticated), "-": .refused(.notFound),
        "R": .refused(.missingScope(.read)), "W": .refused(.missingScope(.write)),
        "D": .refused(.missingScope(.delete)), "S": .refused(.missingScope(.sign)),
        "O": .refused(.forbidden(.ownerOnly)), "A": .refused(.forbidden(.administratorOnly)),
        "F": .refused(.forbidden(.ownFilesOnly)), "L": .refused(.forbidden(.ownListOnly)),
        "T": .refused(.forbidden(.entityOfInstructor)),
        "P": .refused(.notReady(.processing)), "X": .refused(.notReady(.failed)), "x": .refused(.link(.expired)),
    ]

    private static func facts(_ status: MediaStatus, isPublic: Bool = false) -> AccessPolicy.Facts {
        AccessPolicy.Facts(ownerID: "owner", isPublic: isPublic, status: status, entities: [course])
    }

    private static func expectRow(_ row: String, _ action: AccessPolicy.Action) throws {
        var letters = row.filter { $0 != " " }
        // Whoever has a shell on the host has an administrator's rights.
        letters.append(contentsOf: letters.suffix(1))
        try #require(letters.count == callers.count)
        for (caller, letter) in zip(callers, letters) {
            let expected = try #require(decisions[letter])
            #expect(AccessPolicy.decide(caller.caller, action) == expected, "\(caller.name), \(action)")
        }
    }

    //   anonymous, services: none read write delete sign; owner, owner who teaches, enrolled, teacher, enrolled
    //   elsewhere, without roles, administrator
    private static let recordRows: [(String, AccessPolicy.RecordAction, AccessPolicy.Facts?)] = [
        ("?  R s R R R  o o e e - - a", .read, facts(.ready)),
        ("?  R s R R R  o o p p p p a", .read, facts(.ready, isPublic: true)),
        ("?  R s R R R  o o - - - - a", .read, facts(.processing, isPublic: true)),
        ("?  R s R R R  o o - - - - a", .read, facts(.failed)),
        ("?  R - R R R  - - - - - - -", .read, facts(.deleted, isPublic: true)),
        ("?  R - R R R  - - - - - - -", .read, nil),
        ("?  W W s W W  o o O O - - a", .update, facts(.ready)),
        ("?  W W s W W  o o O O O O a", .update, facts(.ready, isPublic: true)),
        ("?  W W s W W  o o - - - - a", .update, facts(.failed)),
        ("?  W W - W W  - - - - - - -", .update, facts(.deleted)),
        ("?  W W - W W  - - - - - - -", .update, nil),
        ("?  W W s W W  T o O O - - a", .attach(course), facts(.ready)),
        ("?  W W s W W  T T O O - - a", .attach(EntityReference(type: "course", id: "c9")), facts(.ready)),
        ("?  R s R R R  o o O O - - a", .listVersions, facts(.ready)),
        ("?  R s R R R  o o O O - - a", .listReferences, facts(.ready)),
        ("?  R - R R R  - - - - - - -", .listReferences, facts(.deleted)),
        ("?  R - R R R  - - - - - - -", .listVersions, facts(.deleted)),
        ("?  W W s W W  o o O O - - a", .replaceFile, facts(.ready)),
        ("?  W W - W W  - - - - - - -", .replaceFile, facts(.deleted)),
        ("?  D D D s D  o o O O - - a", .delete, facts(.ready)),
        ("?  D D D - D  - - - - - - -", .delete, facts(.deleted)),
        ("?  W W s W W  o o - - - - a", .restore, facts(.deleted)),
        ("?  W W - W W  - - - - - - -", .restore, facts(.ready)),
        ("?  D D D s D  A A A A - - a", .destroy, facts(.ready)),
        ("?  D D D s D  A A - - - - a", .destroy, facts(.deleted)),
        ("?  D D D - D  - - - - - - -", .destroy, nil),
        ("?  S S S S s  o o O O - - a", .manageLinks, facts(.ready)),
        ("?  S S S S -  - - - - - - -", .manageLinks, facts(.deleted)),
        ("?  S S S S -  - - - - - - -", .manageLinks, nil),
    ]

    @Test("decides on records", arguments: 0..<recordRows.count)
    func records(index: Int) throws {
        let (row, action, facts) = Self.recordRows[index]
        // Restoring what isn't deleted finds nothing to restore, for those who may know of it.
        if action == .restore, facts?.status == .ready {
            for (caller, letter) in zip(Self.callers, row.filter { $0 != " " }) where "?W".contains(letter) {
                #expect(AccessPolicy.decide(caller.caller, .act(action, facts)) == Self.decisions[letter])
            }
            return
        }
        try Self.expectRow(row, .act(action, facts))
    }

    private static let downloadRows: [(String, AccessPolicy.Facts?, AccessPolicy.LinkState)] = [
        ("-  R - R R R  - - - - - - -", nil, .none),
        ("-  R s R R R  o o e e - - a", facts(.ready), .none),
        ("p  p p p p p  p p p p p p p", facts(.ready, isPublic: true), .none),
        ("p  p p p p p  p p p p p p p", facts(.ready, isPublic: true), .refused(.expired)),
        ("l  l s l l l  o o e e l l a", facts(.ready), .valid),
        ("x  x s x x x  o o e e x x a", facts(.ready), .refused(.expired)),
        ("-  R P R R R  P P - - - - P", facts(.processing), .none),
        ("-  R P R R R  P P - - - - P", facts(.processing, isPublic: true), .valid),
        ("-  R X R R R  X X - - - - X", facts(.failed, isPublic: true), .none),
        ("-  R - R R R  - - - - - - -", facts(.deleted, isPublic: true), .valid),
        ("-  R - R R R  - - - - - - -", facts(.deleted), .refused(.revoked)),
    ]

    @Test("decides on downloads", arguments: 0..<downloadRows.count)
    func downloads(index: Int) throws {
        let (row, facts, link) = Self.downloadRows[index]
        try Self.expectRow(row, .download(facts, link))
    }

    private static let otherRows: [(String, AccessPolicy.Action)] = [
        ("?  R s R R R  L L L L L L a", .list(.all)),
        ("?  R s R R R  m m L L L L a", .list(.user("owner"))),
        ("?  R s R R R  L e e e L L a", .list(.entity(course))),
        ("?  R s R R R  m m L L L L a", .readUsage(userID: "owner")),
        ("?  W W s W W  A A A A A A a", .actForPlatform(.write)),
        ("?  D D D s D  A A A A A A a", .actForPlatform(.delete)),
        ("?  W W s W W  o o F F F F a", .create(ownerID: "owner", entity: nil)),
        ("?  W W s W W  T o F F F F a", .create(ownerID: "owner", entity: course)),
        ("?  W W s W W  F F T o T T a", .create(ownerID: "other", entity: course)),
    ]

    @Test("decides on lists and uploads", arguments: 0..<otherRows.count)
    func others(index: Int) throws {
        let (row, action) = Self.otherRows[index]
        try Self.expectRow(row, action)
    }

    @Test("who may not know of a file can't tell a private one from none", arguments: MediaStatus.allCases)
    func existence(status: MediaStatus) {
        let strangers = Self.callers.filter {
            ["anonymous", "enrolled elsewhere", "user without roles"].contains($0.name)
        }
        for (name, caller) in strangers {
            for link in [AccessPolicy.LinkState.none] {
                let absent = AccessPolicy.decide(caller, .download(nil, link))
                #expect(AccessPolicy.decide(caller, .download(Self.facts(status), link)) == absent, "\(name)")
            }
            for action: AccessPolicy.RecordAction in [
                .read, .update, .attach(Self.course), .listReferences, .listVersions, .replaceFile, .delete, .restore,
                .destroy,
                .manageLinks,
            ] {
                let absent = AccessPolicy.decide(caller, .act(action, nil))
                #expect(AccessPolicy.decide(caller, .act(action, Self.facts(status))) == absent, "\(name), \(action)")
            }
        }
    }

    @Test("entities are looked up only where a decision depends on them", arguments: 0..<callers.count)
    func dependence(index: Int) {
        let (name, caller) = Self.callers[index]
        var without = Self.facts(.ready)
        without.entities = []
        let actions: [AccessPolicy.RecordAction] = [.read, .update, .delete, .manageLinks]
        let differs =
            AccessPolicy.decide(caller, .download(without, .none))
            != AccessPolicy.decide(caller, .download(Self.facts(.ready), .none))
            || actions.contains {
                AccessPolicy.decide(caller, .act($0, without))
                    != AccessPolicy.decide(caller, .act($0, Self.facts(.ready)))
            }
        if differs { #expect(AccessPolicy.dependsOnEntities(caller, ownerID: "owner"), "\(name)") }
    }

    @Test("the names in keys and logs are stable")
    func names() {
        #expect(Scope.allCases.map(\.rawValue) == ["media:read", "media:write", "media:delete", "media:sign"])
        #expect(AccessPolicy.Reason.publicFile.rawValue == "public_file")
        #expect(Caller.service(keyID: "k", scopes: []).name == "key:k" && Caller.user(User(id: "u")).name == "user:u")
        // No user's name can be this one.
        #expect(Caller.operator.name == "operator")
    }

    @Test(
        "ids that only look the same are others",
        arguments: [
            ("K1", "\u{212A}1"), ("andr\u{E9}", "andre\u{301}"), ("\u{C5}", "\u{212B}"),
            ("\u{AC00}", "\u{1100}\u{1161}"),
        ])
    func lookalikes(id: String, other: String) {
        #expect(id == other, "to Swift's String")
        let user = Caller.user(
            User(id: other, roles: [.instructor], entities: [EntityReference(type: "course", id: other)]))
        let facts = AccessPolicy.Facts(
            ownerID: id, isPublic: false, status: .ready, entities: [EntityReference(type: "course", id: id)])
        for action: AccessPolicy.RecordAction in [.read, .update, .listVersions, .replaceFile, .delete, .manageLinks] {
            #expect(AccessPolicy.decide(user, .act(action, facts)) == .refused(.notFound), "\(action)")
        }
        #expect(AccessPolicy.decide(user, .download(facts, .none)) == .refused(.notFound))
        #expect(AccessPolicy.decide(user, .list(.user(id))) == .refused(.forbidden(.ownListOnly)))
        let entity = EntityReference(type: "course", id: id)
        #expect(AccessPolicy.decide(user, .list(.entity(entity))) == .refused(.forbidden(.ownListOnly)))
        #expect(AccessPolicy.decide(user, .readUsage(userID: id)) == .refused(.forbidden(.ownListOnly)))
        #expect(AccessPolicy.decide(user, .create(ownerID: id, entity: nil)) == .refused(.forbidden(.ownFilesOnly)))
        #expect(
            AccessPolicy.decide(user, .create(ownerID: other, entity: entity))
                == .refused(.forbidden(.entityOfInstructor)))
        #expect(AccessPolicy.dependsOnEntities(user, ownerID: id))
        #expect(User(id: id) != User(id: other) && Set([ExactText(id), ExactText(other)]).count == 2)
    }
}
