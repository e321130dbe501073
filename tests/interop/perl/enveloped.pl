# XML::LibXML and Crypt::OpenSSL::RSA of the distribution.
#   perl enveloped.pl sign IN KEY CERTIFICATE OUT
#   perl enveloped.pl verify IN CERTIFICATE          "valid" or "invalid"
use strict;
use warnings;
use Crypt::OpenSSL::RSA;
use Crypt::OpenSSL::X509;
use Digest::SHA qw(sha256_base64);
use MIME::Base64;
use XML::LibXML;

my $DS = 'http://www.w3.org/2000/09/xmldsig#';
my $EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
my ($what, $in, @rest) = @ARGV;
my $document = XML::LibXML->load_xml(location => $in);
my $root = $document->documentElement;

sub digest { my $text = sha256_base64($_[0]->toStringEC14N(0)); $text .= '=' while length($text) % 4; return $text }
sub one { return ($_[0]->getElementsByTagNameNS($DS, $_[1]))[0] }
sub slurp { open(my $file, '<', $_[0]) or die "$_[0]: $!"; local $/; return scalar <$file> }

if ($what eq 'sign') {
    my ($key, $certificate, $out) = @rest;
    my $digest = digest($root);
    my $encoded = slurp($certificate) =~ s/-----[A-Z ]+-----|\s//gr;
    my $template = XML::LibXML->load_xml(string => qq{<ds:Signature xmlns:ds="$DS"><ds:SignedInfo>}
        . qq{<ds:CanonicalizationMethod Algorithm="$EXCLUSIVE"/>}
        . qq{<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>}
        . qq{<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="${DS}enveloped-signature"/>}
        . qq{<ds:Transform Algorithm="$EXCLUSIVE"/></ds:Transforms>}
        . qq{<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>$digest</ds:DigestValue>}
        . qq{</ds:Reference></ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data>}
        . qq{<ds:X509Certificate>$encoded</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>});
    my $signature = $document->importNode($template->documentElement);
    $root->appendChild($signature);
    my $rsa = Crypt::OpenSSL::RSA->new_private_key(slurp($key));
    $rsa->use_sha256_hash;
    one($signature, 'SignatureValue')->appendText(encode_base64($rsa->sign(one($signature, 'SignedInfo')->toStringEC14N(0)), ''));
    $document->toFile($out);
} else {
    my $signature = one($root, 'Signature');
    my $rsa = Crypt::OpenSSL::RSA->new_public_key(Crypt::OpenSSL::X509->new_from_file($rest[0])->pubkey);
    $rsa->use_sha256_hash;
    my $value = decode_base64(one($signature, 'SignatureValue')->textContent);
    my $signed = $rsa->verify(one($signature, 'SignedInfo')->toStringEC14N(0), $value);
    my $told = one($signature, 'DigestValue')->textContent =~ s/\s//gr;
    $signature->unbindNode;
    print $signed && $told eq digest($root) ? "valid\n" : "invalid\n";
}
