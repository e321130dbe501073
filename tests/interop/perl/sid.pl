# SOAP::Lite calls SID's door.
#   perl sid.pl ADDRESS USER PASSWORD NUMBER POINT
use strict;
use warnings;
use POSIX qw(strftime);
use SOAP::Lite;

my ($address, $user, $password, $number, $point) = @ARGV;
sub SOAP::Transport::HTTP::Client::get_basic_credentials { return ($user, $password) }
my $sid = 'urn:csire-bridge:sid:v1';
my $client = SOAP::Lite->proxy($address)->ns($sid, 'sid')->on_action(sub { qq("$_[1]") })->on_fault(sub { $_[1] });
$client->autotype(0)->readable(1);

sub field { return SOAP::Data->name("sid:$_[0]")->value($_[1]) }
my $order = SOAP::Data->name('sid:Order')->value(\SOAP::Data->value(
    field(Number => $number),
    field(Kind => 'reconnect'),
    field(MeteringPointCode => $point),
    field(RegisteredAt => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime)),
    field(RequestedDate => strftime('%Y-%m-%dZ', gmtime(time + 6 * 86400))),
    field(ReconnectionReason => 'reason-gone'),
));
my $taken = $client->call('sid:SubmitOrderRequest', $order);
print 'taken ', ($taken->valueof('//SubmitOrderResponse/Number') // $taken->faultstring), "\n";
my $status = $client->call('sid:OrderStatusRequest', field(Number => $number));
print 'status ', ($status->valueof('//OrderStatus/Status') // $status->faultstring), "\n";
my $fault = $client->call('sid:OrderStatusRequest', field(Number => 'NOBODY'));
print 'fault ', $fault->faultcode, ' ', $fault->valueof('//SidFault/Code'), "\n";
