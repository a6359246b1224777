// The promises of the classes: they move, free once, throw with the complete record, keep callbacks.
#include <iostream>
#include <secsmtp.hpp>
#include <type_traits>

#define DEMAND(what) \
    if (!(what)) { \
        std::cout << "line " << __LINE__ << ": " #what "\n"; \
        return 1; \
    }

static_assert(!std::is_copy_constructible_v<secsmtp::Policy>);
static_assert(std::is_nothrow_move_constructible_v<secsmtp::Client>);
static_assert(std::is_nothrow_move_assignable_v<secsmtp::Client>);
static_assert(std::is_copy_constructible_v<secsmtp::Exception>);

template <class F> std::int32_t thrown(F &&body) {
    try {
        body();
    } catch (const secsmtp::Exception &e) {
        const auto copy = e;
        return copy.what()[0] == '\0' ? -1 : copy.status();
    }
    return 0;
}

int main() {
    {
        auto policy = secsmtp::Policy::create();
        policy.add_mozilla_roots();
        auto moved = std::move(policy);
        DEMAND(moved && !policy);
        DEMAND(thrown([&] { policy.set_strict(1); }) == SECSMTP_E_NULL);
        DEMAND(thrown([&] { secsmtp::Policy::create().add_pin("x"); }) == SECSMTP_E_PIN);
        DEMAND(thrown([] { secsmtp::Client::create("a b", 0, secsmtp::Policy::create()); }) == SECSMTP_E_HOST);
        DEMAND(thrown([] { secsmtp::Receipt().outcome(); }) == SECSMTP_E_NULL);
        DEMAND(secsmtp::Receipt().server_text().empty());
        DEMAND(secsmtp::constant("SECSMTP_E_PIN") == SECSMTP_E_PIN);
        DEMAND(thrown([] { secsmtp::constant("?"); }) == SECSMTP_E_NOTHING);
        DEMAND(secsmtp::feature("pins") == 1 && secsmtp::feature("no such") == 0);

        auto message = secsmtp::Message::create();
        message.set_sender("a@mail.test");
        message.add_recipient("b@mail.test");
        message.set_content("Subject: x\n\nx\n");
        std::string seen;
        message.preview([&](const secsmtp::Bytes &bytes) {
            seen.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
            return 0;
        });
        DEMAND(seen.find("Subject: x\r\n") != std::string::npos);

        auto client = secsmtp::Client::create("mail.test", 465, moved);
        client.set_connect("127.0.0.1", 1); // no program listens there
        int lines = 0;
        client.set_log([&](std::int32_t, std::int32_t, std::string_view text) { lines += !text.empty(); },
                       SECSMTP_LOG_DEBUG);
        auto other = std::move(client); // settings move with it
        try {
            other.send(message);
            return 1;
        } catch (const secsmtp::Exception &e) {
            DEMAND(e.status() == SECSMTP_E_CONNECT && e.error().outcome() == SECSMTP_OUTCOME_NOT_SENT);
            DEMAND(e.error().receipt().recipient_address(0) == "b@mail.test");
            DEMAND(e.error().json().substr(0, 26) == R"({"version":1,"kind":"error)");
        }
        DEMAND(lines > 0);
        DEMAND(!other.poll_event(0));
        bool completed = false;
        other.set_event_callback([&](const secsmtp::Event &event) {
            completed |= event.kind() == SECSMTP_EVENT_COMPLETED && event.status() == SECSMTP_E_CONNECT;
        });
        DEMAND(!other.dispatch(0));
        const auto job = other.submit(message);
        DEMAND(job > 0);
        bool dispatched = false;
        while (!completed) {
            dispatched |= other.dispatch(1000);
        }
        DEMAND(dispatched);
        other.set_event_callback(nullptr);
        // A function may set another one while it runs, and goes on with what it has.
        std::string seen_by_first, seen_by_log;
        const std::string words(100, 'w');
        other.set_event_callback([&, words](const secsmtp::Event &) {
            other.set_event_callback([](const secsmtp::Event &) {});
            seen_by_first = words;
        });
        other.set_log([&, words](std::int32_t, std::int32_t, std::string_view) {
            other.set_log(nullptr, SECSMTP_LOG_DEBUG);
            seen_by_log = words;
        }, SECSMTP_LOG_DEBUG);
        other.submit(message);
        while (!other.dispatch(1000)) {
        }
        DEMAND(seen_by_first == words);
        DEMAND(thrown([&] { other.send(message); }) == SECSMTP_E_CONNECT && seen_by_log == words);
        other.set_event_callback(nullptr);
        {
            auto passing = secsmtp::Client::create("mail.test", 465, moved);
            passing.set_connect("127.0.0.1", 1);
            std::string seen_by_last;
            passing.set_event_callback([&, words](const secsmtp::Event &) {
                passing = secsmtp::Client();
                seen_by_last = words;
            });
            passing.submit(message);
            while (thrown([&] { passing.dispatch(1000); }) == 0 && seen_by_last.empty()) {
            }
            DEMAND(seen_by_last == words && !passing);
        }
        other.submit(message, UINT64_MAX);
        auto event = other.poll_event(60000);
        DEMAND(event && event->outcome() == SECSMTP_OUTCOME_NOT_SENT && event->tag() == UINT64_MAX);
        DEMAND(thrown([&] { other.wait(event->job(), 0); }) == SECSMTP_E_TAKEN);
        other.close(0);
        DEMAND(thrown([&] { other.poll_event(0); }) == SECSMTP_E_CLOSED);
        event.reset();
        other = secsmtp::Client(); // moves its callbacks too
    }
    DEMAND(secsmtp_debug_live_handles() == 0);
    std::cout << "the classes hold\n";
}
