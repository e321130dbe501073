import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.ws.security.WSConstants;
import org.apache.ws.security.WSDataRef;
import org.apache.ws.security.WSEncryptionPart;
import org.apache.ws.security.WSSecurityEngine;
import org.apache.ws.security.WSSecurityEngineResult;
import org.apache.ws.security.WSSecurityException;
import org.apache.ws.security.components.crypto.Merlin;
import org.apache.ws.security.message.WSSecHeader;
import org.apache.ws.security.message.WSSecSignature;
import org.apache.ws.security.message.WSSecTimestamp;
import org.w3c.dom.Document;

/**
 * Apache WSS4J 1.6, as CXF and Spring-WS use it.
 *
 * Each line of the standard input is a command, and gets one line; its words are parted by "|":
 * sign|HOW|IN|KEY|CERTIFICATE|OUT   HOW: direct, issuer, thumbprint, ski, x509, each also with "+str" (STR-Transform)
 * verify|IN|CERTIFICATE             the names of the signed elements, or what WSS4J says against it
 */
public class Wss4j {
    public static void main(String[] none) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] args = line.split("\\|");
            if (args[0].equals("verify")) {
                System.out.println(verify(args[1], certificate(args[2])));
            } else {
                sign(args[1], args[2], key(args[3]), certificate(args[4]), args[5]);
                System.out.println("signed");
            }
        }
    }

    static void sign(String how, String in, PrivateKey key, X509Certificate own, String out) throws Exception {
        Document document = parse(in);
        WSSecHeader header = new WSSecHeader();
        header.insertSecurityHeader(document);
        WSSecTimestamp timestamp = new WSSecTimestamp();
        timestamp.setTimeToLive(300);
        timestamp.build(document, header);
        WSSecSignature signature = new WSSecSignature();
        signature.setUserInfo("us", "password");
        signature.setKeyIdentifierType(switch (how.split("\\+")[0]) {
            case "issuer" -> WSConstants.ISSUER_SERIAL;
            case "thumbprint" -> WSConstants.THUMBPRINT_IDENTIFIER;
            case "ski" -> WSConstants.SKI_KEY_IDENTIFIER;
            case "x509" -> WSConstants.X509_KEY_IDENTIFIER;
            default -> WSConstants.BST_DIRECT_REFERENCE;
        });
        signature.setSignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
        signature.setDigestAlgo("http://www.w3.org/2001/04/xmlenc#sha256");
        List<WSEncryptionPart> parts = new ArrayList<>();
        parts.add(new WSEncryptionPart("Body", document.getDocumentElement().getNamespaceURI(), "Element"));
        parts.add(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, "Element"));
        if (how.endsWith("+str")) {
            parts.add(new WSEncryptionPart("STRTransform", "", "Element"));
        }
        signature.setParts(parts);
        signature.build(document, store(key, own), header);
        TransformerFactory.newInstance().newTransformer().transform(
            new DOMSource(document), new StreamResult(new FileOutputStream(out)));
    }

    static String verify(String in, X509Certificate other) throws Exception {
        List<String> names = new ArrayList<>();
        try {
            for (WSSecurityEngineResult result
                    : new WSSecurityEngine().processSecurityHeader(parse(in), null, null, store(null, other))) {
                Object signed = result.get(WSSecurityEngineResult.TAG_DATA_REF_URIS);
                for (Object reference : signed == null ? List.of() : (List<?>) signed) {
                    names.add(((WSDataRef) reference).getName().getLocalPart());
                }
            }
        } catch (WSSecurityException error) {
            return "refused: " + error.getMessage();
        }
        return String.join(" ", names);
    }

    static Merlin store(PrivateKey key, X509Certificate certificate) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        if (key == null) {
            keys.setCertificateEntry("them", certificate);
        } else {
            keys.setKeyEntry("us", key, "password".toCharArray(), new Certificate[] {certificate});
        }
        Merlin crypto = new Merlin();
        crypto.setKeyStore(keys);
        return crypto;
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
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
    }
}
