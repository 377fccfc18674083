# Sidekiq: the program that gives it jobs, and what its worker loads. See ../README.md.
require "sidekiq"

PACE = 0.05
PORT = ENV.fetch("PROXY_PORT")
Sidekiq.configure_server { |config| config.redis = {url: "redis://127.0.0.1:#{PORT}/0"} }
Sidekiq.configure_client { |config| config.redis = {url: "redis://127.0.0.1:#{PORT}/0"} }

class Run
  include Sidekiq::Worker

  def perform(number)
    note("begin #{number}")
    sleep PACE while number % 100 == 0 && !File.exist?("#{ENV.fetch("JOURNAL")}.#{number}")
    note("end #{number}")
  end

  def note(line)
    File.open(ENV.fetch("JOURNAL"), "a") { |journal| journal.write("#{line}\n") }
  end
end

if $PROGRAM_NAME == __FILE__
  $stdout.sync = true
  (ARGV[0].to_i...ARGV[1].to_i).each do |number|
    begin
      Run.perform_async(number)
      puts "given #{number}"
    rescue Redis::BaseError => error
      puts "unknown #{number}: #{error.message}"
    end
    sleep PACE
  end
end
