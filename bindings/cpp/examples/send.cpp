// Composes one mail and sends it, first by a call and then by a job.
//
//   send HOST CONNECT_ADDRESS PORT CA_FILE USER PASSWORD FROM TO
#include <cstdlib>
#include <iostream>
#include <secsmtp.hpp>

int main(int argc, char **argv) {
    if (argc != 9) {
        std::cerr << "usage: send HOST ADDRESS PORT CA_FILE USER PASSWORD FROM TO\n";
        return 64;
    }
    try {
        const auto port = static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10));
        auto policy = secsmtp::Policy::create();
        policy.add_ca_file(argv[4]);
        auto client = secsmtp::Client::create(argv[1], port, policy);
        client.set_connect(argv[2], port);
        client.set_credential(secsmtp::Credential::new_password(argv[5], argv[6]));

        auto message = secsmtp::Message::create();
        message.add_address(SECSMTP_FIELD_FROM, argv[7], "");
        message.add_address(SECSMTP_FIELD_TO, argv[8], "");
        message.set_subject("Hello from C++");
        message.set_text("This mail went to the named server, or nowhere.\n");

        auto receipt = client.send(message);
        std::cout << "accepted: " << receipt.server_text() << "\n";

        bool done = false, accepted = false;
        client.set_event_callback([&](const secsmtp::Event &event) {
            if (event.kind() == SECSMTP_EVENT_COMPLETED) {
                done = true;
                accepted = event.status() == SECSMTP_OK;
            }
        });
        client.submit(message);
        while (!done) {
            client.dispatch(100); // false when nothing happened meanwhile
        }
        std::cout << (accepted ? "and by a job\n" : "but not by a job\n");
        return accepted ? 0 : 1;
    } catch (const secsmtp::Exception &failed) {
        const auto outcome = failed.error() ? failed.error().outcome() : SECSMTP_OUTCOME_NONE;
        std::cout << secsmtp_outcome_name(outcome) << ": " << failed.what() << "\n";
        return 1;
    }
}
