import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.xml.crypto.XMLStructure;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.ExcC14NParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;

/**
 * Java's own XML signature (javax.xml.crypto), as a partner's program uses it.
 *
 * Each line of the standard input is a command, and gets one line; its words are parted by "|":
 * sign|HOW|IN|KEY|CERTIFICATE[|OTHER CERTIFICATE]|OUT   HOW: plain, lists, chain, issuer, inclusive, sha512
 * verify|IN|CERTIFICATE                                 "valid" or "invalid"
 */
public class Enveloped {
    static final XMLSignatureFactory FACTORY = XMLSignatureFactory.getInstance("DOM");

    public static void main(String[] none) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] args = line.split("\\|");
            if (args[0].equals("verify")) {
                System.out.println(verify(args[1], certificate(args[2])) ? "valid" : "invalid");
            } else {
                sign(args);
                System.out.println("signed");
            }
        }
    }

    static boolean verify(String file, X509Certificate certificate) throws Exception {
        Document document = parse(file);
        DOMValidateContext context = new DOMValidateContext(certificate.getPublicKey(),
            document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature").item(0));
        return FACTORY.unmarshalXMLSignature(context).validate(context);
    }

    static void sign(String[] args) throws Exception {
        String how = args[1];
        PrivateKey key = key(args[3]);
        X509Certificate own = certificate(args[4]);
        Document document = parse(args[2]);
        boolean lists = how.equals("lists") || how.equals("chain");
        ExcC14NParameterSpec prefixes = lists ? new ExcC14NParameterSpec(List.of("t", "ds")) : null;
        String exclusive = CanonicalizationMethod.EXCLUSIVE;
        String c14n = how.equals("inclusive") ? CanonicalizationMethod.INCLUSIVE : exclusive;
        String suffix = how.equals("sha512") ? "sha512" : "sha256";
        String method = "http://www.w3.org/2001/04/xmldsig-more#" + (key.getAlgorithm().equals("RSA") ? "rsa-" : "ecdsa-") + suffix;
        List<Transform> transforms = List.of(
            FACTORY.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null),
            FACTORY.newTransform(exclusive, prefixes));
        Reference reference = FACTORY.newReference("", FACTORY.newDigestMethod(DigestMethod.SHA256, null), transforms, null, null);
        SignedInfo info = FACTORY.newSignedInfo(
            FACTORY.newCanonicalizationMethod(c14n, (C14NMethodParameterSpec) (lists ? prefixes : null)),
            FACTORY.newSignatureMethod(method, null), List.of(reference));
        DOMSignContext context = new DOMSignContext(key, document.getDocumentElement());
        context.setDefaultNamespacePrefix("ds");
        FACTORY.newXMLSignature(info, named(how, own, args)).sign(context);
        TransformerFactory.newInstance().newTransformer().transform(
            new DOMSource(document), new StreamResult(new FileOutputStream(args[args.length - 1])));
    }

    static KeyInfo named(String how, X509Certificate own, String[] args) throws Exception {
        KeyInfoFactory factory = FACTORY.getKeyInfoFactory();
        List<XMLStructure> content = new ArrayList<>();
        List<Object> data = new ArrayList<>();
        if (how.equals("chain")) {
            content.add(factory.newKeyName("a name of our own"));
            data.add(own.getSubjectX500Principal().getName());
            data.add(certificate(args[5]));
        }
        if (how.equals("chain") || how.equals("issuer")) {
            data.add(factory.newX509IssuerSerial(own.getIssuerX500Principal().getName(), own.getSerialNumber()));
        }
        if (!how.equals("issuer")) {
            data.add(own);
        }
        content.add(factory.newX509Data(data));
        if (how.equals("chain")) {
            content.add(factory.newKeyValue(own.getPublicKey()));
        }
        return factory.newKeyInfo(content);
    }

    static Document parse(String file) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(new File(file));
    }

    static X509Certificate certificate(String file) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new FileInputStream(file));
    }

    static PrivateKey key(String file) throws Exception {
        String text = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----|\\s", "");
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text));
        try {
            return KeyFactory.getInstance("RSA").generatePrivate(spec);
        } catch (java.security.spec.InvalidKeySpecException error) {
            return KeyFactory.getInstance("EC").generatePrivate(spec);
        }
    }
}
