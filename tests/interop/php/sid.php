<?php
// PHP's SoapClient calls SID's door by the WSDL that is served.
//   php sid.php ADDRESS USER PASSWORD VERSION NUMBER POINT
declare(strict_types=1);

[, $address, $user, $password, $version, $number, $point] = $argv;
$head = ['http' => ['header' => 'Authorization: Basic ' . base64_encode("$user:$password")]];
$client = new SoapClient("$address?wsdl", [
    'login' => $user,
    'password' => $password,
    'soap_version' => $version === '12' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'stream_context' => stream_context_create($head),
    'location' => $address,
]);
$order = [
    'Number' => $number,
    'Kind' => 'reconnect',
    'MeteringPointCode' => $point,
    'RegisteredAt' => gmdate('Y-m-d\TH:i:s\Z'),
    'RequestedDate' => gmdate('Y-m-d', time() + (int) $version * 86400) . '+01:00',
    'ReconnectionReason' => 'reason-gone',
];
echo 'taken ' . $client->SubmitOrder(['Order' => $order])->Number . "\n";
echo 'status ' . $client->OrderStatus(['Number' => $number])->OrderStatus->Status . "\n";
try {
    $client->OrderStatus(['Number' => 'NOBODY']);
} catch (SoapFault $fault) {
    echo 'fault ' . $fault->faultcode . ' ' . $fault->detail->SidFault->Code . "\n";
}
