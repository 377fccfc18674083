using System.Text;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Sessions;
using RedisProxy.Tests.EventLoops;

namespace RedisProxy.Tests.Sessions;

/// <summary>
/// The contract as a table: what becomes of each request that a lost link owed, without a socket. A bar stands where the link's sending
/// had come to, a star behind what the link had answered before it began to reject.
/// </summary>
public sealed class SettlementTests
{
    private const int BytesOfOne = 20;

    [Theory]
    [InlineData("GET", "again")]
    [InlineData("SET", "unknown")]
    [InlineData("| SET", "again")]
    [InlineData("SET GET SET", "unknown again unknown")]
    [InlineData("GET | SET GET", "again again again")]
    [InlineData("INCR | INCR", "unknown again")]
    [InlineData("BLPOP", "unknown")]
    [InlineData("EVAL", "unknown")]
    [InlineData("EVAL_RO", "again")]
    [InlineData("NOSUCHCOMMAND", "unknown")]
    [InlineData("MULTI | SET EXEC", "again again again")]
    [InlineData("MULTI SET EXEC", "unknown unknown unknown")]
    [InlineData("MULTI GET EXEC", "unknown unknown unknown")]
    [InlineData("MULTI SET | EXEC", "ok unknown abort")]
    [InlineData("MULTI GET | EXEC", "again again again")]
    [InlineData("GET MULTI SET DISCARD SET", "again ok unknown ok unknown")]
    public void LostLink_DecidesOfEachRequest(string inFlight, string expected)
    {
        using var one = new Scene();
        one.Take(inFlight);
        Assert.Equal(PinReason.None, one.Settle());
        Assert.Equal(expected, one.Waiting);
    }

    [Theory]
    [InlineData("MULTI SET", "| SET EXEC", "again again again again")]
    [InlineData("MULTI SET", "SET | EXEC", "again again again again")]
    [InlineData("MULTI SET", "SET EXEC", "again again unknown unknown")]
    public void TransactionThatWasBegun_GoesOnUnlessItMayHaveRun(string answered, string inFlight, string expected)
    {
        using var one = new Scene();
        one.Answer(answered);
        one.Take(inFlight);
        Assert.Equal(PinReason.None, one.Settle());
        Assert.Equal(expected, string.Join(' ', answered.Split(' ').Select(static _ => "again").Append(one.Waiting)));
    }

    [Fact]
    public void ReadThatIsLostAgainAtTheSameMaster_IsNotCarriedOn()
    {
        using var one = new Scene();
        one.Take("GET");
        one.Settle();
        Assert.False(one.IsLostTooOften);
        one.TakeAgain();
        one.Settle();
        Assert.True(one.IsLostTooOften);
    }

    [Fact]
    public void RejectionOfTheOldest_SaysWhenNothingIsOwedAnyMore()
    {
        using var one = new Scene();
        one.Take("SET SET");
        Assert.Equal(Rejection.None, one.Reject("-WRONGTYPE Operation against a key holding the wrong kind of value"));
        Assert.Equal(Rejection.Begun, one.Reject("-READONLY You can't write against a read only replica."));
        Assert.Equal(Rejection.Complete, one.RejectNext("-READONLY You can't write against a read only replica."));
        one.Settle();
        Assert.Equal("again again", one.Waiting);
    }

    [Fact]
    public void RejectionBeforeALaterWriteRan_StaysWithItsRequest()
    {
        using var one = new Scene();
        one.Take("SET SET");
        Assert.Equal(Rejection.Begun, one.Reject("-LOADING Redis is loading the dataset in memory"));
        Assert.Equal(Rejection.Complete, one.RejectNext(""));
        one.Settle();
        Assert.Equal("loading unknown", one.Waiting);
    }

    /// <summary>A minus: it has waited too long. What belongs to a transaction that lost a part is answered, and never sent.</summary>
    [Theory]
    [InlineData("-SET", "not-executed")]
    [InlineData("-SET GET", "not-executed again")]
    [InlineData("-GET SET", "not-executed again")]
    [InlineData("-MULTI SET EXEC SET", "ok queued abort again")]
    [InlineData("MULTI -SET EXEC SET", "ok not-executed abort again")]
    [InlineData("-MULTI -SET -EXEC SET", "ok not-executed not-executed again")]
    [InlineData("MULTI SET -EXEC SET", "ok queued not-executed again")]
    [InlineData("MULTI -SET DISCARD SET", "ok not-executed ok again")]
    [InlineData("MULTI -SET MULTI EXEC", "ok not-executed nested abort")]
    [InlineData("MULTI -SET SET", "ok not-executed queued")]
    [InlineData("MULTI SET EXEC -SET", "again again again not-executed")]
    [InlineData("-SET MULTI SET EXEC", "not-executed again again again")]
    [InlineData("MULTI -SET EXEC MULTI SET EXEC", "ok not-executed abort again again again")]
    public void HeldTooLong_DecidesOfEachRequest(string waiting, string expected)
    {
        using var one = new Scene();
        one.Hold(waiting);
        Assert.False(one.Expire());
        Assert.Equal(expected, one.Waiting);
    }

    [Theory]
    [InlineData("MULTI", "-SET EXEC", true)]
    [InlineData("MULTI", "SET -EXEC", true)]
    [InlineData("MULTI SET", "GET EXEC -SET", false)]
    [InlineData("MULTI SET EXEC", "-SET", false)]
    [InlineData("SET", "-SET", false)]
    public void HeldTooLong_BehindAnUnansweredMulti_DropsTheLinkThatHasIt(string inFlight, string waiting, bool isDropped)
    {
        using var one = new Scene();
        one.Take(inFlight);
        one.Hold(waiting);
        Assert.Equal(isDropped, one.Expire());
    }

    private sealed class Parts(Gate gate, SessionSettings settings) : Conversation(gate, settings, new SessionCounters(), takesTurns: false)
    {
        public override long Id => 1;

        public override System.Net.IPEndPoint? PeerAddress => null;

        public override bool HasUnreadReplies => false;

        public override bool IsEnded => false;

        public override void Attach(BackendLink link)
        {
        }

        protected override bool TryReviewLink() => false;

        public override void Detach()
        {
        }

        public override void End(EndCause cause, bool abort = false)
        {
        }

        public override void WakeRequests()
        {
        }

        public override void WakeReplies()
        {
        }

        public override void WakeKeeper()
        {
        }

        public override void OnExpired() => Assert.Fail("time stands still");
    }

    private sealed class Scene : IDisposable
    {
        private readonly EventLoop _loop = new(
            0, new FakeTimeProvider(), static error => Assert.Fail(error.ToString()), TestTransport.Current.CreateKernel());
        private readonly Gate _gate;
        private readonly Parts _parts;
        private long _received;
        private bool _isInTransaction;

        public Scene()
        {
            _gate = new Gate(_loop, maxOutageMs: 1000, static _ => 1, static error => Assert.Fail(error.ToString()));
            _parts = new Parts(_gate, new SessionSettings(SessionLab.Options(), SessionLab.Options().Listeners[0]));
            _parts.Pipeline.Link = NewLink();
        }

        public bool IsLostTooOften => _parts.Pipeline.Losses.IsTooHigh;

        public string Waiting =>
            string.Join(' ', Enumerable.Range(0, _parts.Pipeline.Waiting.Count).Select(i => NameOf(_parts.Pipeline.Waiting[i].Outcome)));

        private BackendLink Link => _parts.Link!;

        public void Dispose()
        {
            _parts.Pipeline.Clear();
            _loop.Dispose();
        }

        /// <summary>These are in flight, sent as far as the bar.</summary>
        public void Take(string words)
        {
            string[] parts = words.Split(' ');
            foreach (string word in parts.Where(static part => part != "|"))
            {
                Link.InFlight.AddNewest(Scan(word));
            }

            int sent = Array.IndexOf(parts, "|") is var bar and >= 0 ? bar : parts.Length;
            Link.SentTo = _received - ((parts.Count(static part => part != "|") - sent) * BytesOfOne);
        }

        /// <summary>These wait for a backend; those with a minus have done so for too long.</summary>
        public void Hold(string words)
        {
            foreach (string word in words.Split(' '))
            {
                PendingRequest request = Scan(word.TrimStart('-'));
                request.Outcome = word[0] == '-' ? request.OutcomeWhenGivenUp : Outcome.Forward;
                _parts.Pipeline.Waiting.AddNewest(request);
            }
        }

        /// <summary>True: the link has to go first.</summary>
        public bool Expire()
        {
            _parts.Pipeline.Link = Link.InFlight.IsEmpty ? null : Link;
            return LocalTransactions.AfterExpiry(_parts);
        }

        /// <summary>These have been answered, as far as they only queue.</summary>
        public void Answer(string words)
        {
            foreach (string word in words.Split(' '))
            {
                Take(word);
                PendingRequest request = Link.InFlight.Oldest;
                byte[] reply = word == "MULTI" ? "+OK\r\n"u8.ToArray() : "+QUEUED\r\n"u8.ToArray();
                RequestEffects.Apply(_parts, request, reply, isError: false);
                _parts.Pipeline.RetireOldest(Link.InFlight);
            }
        }

        /// <summary>What waits is in flight again, over another link to the same master.</summary>
        public void TakeAgain()
        {
            RequestQueue waiting = _parts.Pipeline.Waiting;
            while (!waiting.IsEmpty)
            {
                Link.InFlight.AddNewest(waiting.Oldest);
                waiting.RemoveOldest();
            }

            Link.SentTo = _received;
        }

        public PinReason Settle()
        {
            PinReason pin = Settlement.Settle(_parts, Link);
            _parts.Pipeline.Link = NewLink();
            return pin;
        }

        public Rejection Reject(string error) => Rejections.Begin(_parts, Link, Encoding.ASCII.GetBytes(error));

        public Rejection RejectNext(string error) => Rejections.Continue(_parts, Link, Encoding.ASCII.GetBytes(error));

        private DedicatedLink NewLink() => new(new LoopSocket(_loop, fd: -1), generation: 1, _parts.Pipeline.Memory);

        private PendingRequest Scan(string word)
        {
            Receive();
            byte[] name = Encoding.ASCII.GetBytes(word);
            CommandTraits traits = CommandTable.BuiltIn.Find(name);
            StateChange? change = traits.NeedsInspection ? RequestInspector.Inspect(traits, [name], _isInTransaction).Change : null;
            _isInTransaction = traits.Kind == CommandKind.Multi || (_isInTransaction && traits.Kind == CommandKind.Plain);
            if (change is not null)
            {
                _parts.Pipeline.Changes.Add(change);
            }

            return new PendingRequest
            {
                Start = _received - BytesOfOne,
                End = _received,
                Traits = traits,
                HasChange = change is not null,
            };
        }

        private unsafe void Receive()
        {
            Slab room = _parts.Pipeline.Buffer.Room;
            new Span<byte>(room.Memory + room.End, BytesOfOne).Fill((byte)'x');
            _parts.Pipeline.Buffer.Commit(BytesOfOne);
            _received += BytesOfOne;
        }

        private static string NameOf(Outcome outcome) => outcome switch
        {
            Outcome.Forward => "again",
            Outcome.Unknown => "unknown",
            Outcome.NotExecuted => "not-executed",
            Outcome.Acknowledged => "ok",
            Outcome.Queued => "queued",
            Outcome.NestedMulti => "nested",
            Outcome.Aborted => "abort",
            Outcome.RejectedLoading => "loading",
            _ => outcome.ToString(),
        };
    }
}
