# Sidekiq: the program that gives it jobs, and what its worker loads. See ../README.md.
require "sidekiq"

PORT = ENV.fetch("PROXY_PORT")
Sidekiq.configure_server { |config| config.redis = {url: "redis://127.0.0.1:#{PORT}/0"} }
Sidekiq.configure_client { |config| config.redis = {url: "redis://127.0.0.1:#{PORT}/0"} }

class Run
  include Sidekiq::Worker

  def perform(number)
    File.open(ENV.fetch("JOURNAL"), "a") { |journal| journal.write("#{number}\n") }
  end
end

if $PROGRAM_NAME == __FILE__
  (ARGV[0].to_i...ARGV[1].to_i).each do |number|
    Run.perform_async(number)
    sleep 0.05
  end
end
