<?php
// PHP's own DOM and OpenSSL, as programs without a signature package use them.
//   php enveloped.php sign IN KEY CERTIFICATE OUT
//   php enveloped.php verify IN CERTIFICATE          "valid" or "invalid"
declare(strict_types=1);

const DS = 'http://www.w3.org/2000/09/xmldsig#';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';

[, $what, $in] = $argv;
$document = new DOMDocument();
$document->load($in);
$root = $document->documentElement;

if ($what === 'sign') {
    [, , , $key, $certificate, $out] = $argv;
    $digest = base64_encode(hash('sha256', $root->C14N(true, false), true));
    $encoded = preg_replace('/-----[A-Z ]+-----|\s/', '', file_get_contents($certificate));
    $template = new DOMDocument();
    $template->loadXML('<ds:Signature xmlns:ds="' . DS . '"><ds:SignedInfo>'
        . '<ds:CanonicalizationMethod Algorithm="' . EXCLUSIVE . '"/><ds:SignatureMethod Algorithm="' . RSA_SHA256 . '"/>'
        . '<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="' . DS . 'enveloped-signature"/>'
        . '<ds:Transform Algorithm="' . EXCLUSIVE . '"/></ds:Transforms><ds:DigestMethod Algorithm="' . SHA256 . '"/>'
        . '<ds:DigestValue>' . $digest . '</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue/>'
        . '<ds:KeyInfo><ds:X509Data><ds:X509Certificate>' . $encoded . '</ds:X509Certificate></ds:X509Data></ds:KeyInfo>'
        . '</ds:Signature>');
    $signature = $root->appendChild($document->importNode($template->documentElement, true));
    $info = $signature->getElementsByTagNameNS(DS, 'SignedInfo')->item(0);
    openssl_sign($info->C14N(true, false), $value, file_get_contents($key), OPENSSL_ALGO_SHA256);
    $signature->getElementsByTagNameNS(DS, 'SignatureValue')->item(0)->textContent = base64_encode($value);
    $document->save($out);
} else {
    $signature = $document->getElementsByTagNameNS(DS, 'Signature')->item(0);
    $info = $signature->getElementsByTagNameNS(DS, 'SignedInfo')->item(0);
    $value = base64_decode($signature->getElementsByTagNameNS(DS, 'SignatureValue')->item(0)->textContent);
    $told = base64_decode($signature->getElementsByTagNameNS(DS, 'DigestValue')->item(0)->textContent);
    $public = openssl_pkey_get_public(file_get_contents($argv[3]));
    $signed = openssl_verify($info->C14N(true, false), $value, $public, OPENSSL_ALGO_SHA256) === 1;
    $signature->parentNode->removeChild($signature);
    $same = hash_equals($told, hash('sha256', $root->C14N(true, false), true));
    echo $signed && $same ? "valid\n" : "invalid\n";
}
