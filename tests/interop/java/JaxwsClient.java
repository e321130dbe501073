import java.net.URL;
import java.util.GregorianCalendar;
import java.util.TimeZone;
import javax.xml.datatype.DatatypeConstants;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.datatype.XMLGregorianCalendar;
import javax.xml.namespace.QName;
import javax.xml.ws.BindingProvider;
import sidclient.BridgePort;
import sidclient.BridgeService;
import sidclient.KindType;
import sidclient.OrderStatusRequest;
import sidclient.OrderType;
import sidclient.ReconnectionReasonType;
import sidclient.SidFaultMessage;
import sidclient.SubmitOrderRequest;

/** JAX-WS (Metro) and JAXB call SID's door by the classes that wsimport made: ADDRESS USER PASSWORD NUMBER POINT WSDL. */
public class JaxwsClient {
    public static void main(String[] args) throws Exception {
        BridgeService service = new BridgeService(new URL(args[5]), new QName("urn:csire-bridge:sid:v1", "BridgeService"));
        BridgePort port = service.getBridgePort();
        var context = ((BindingProvider) port).getRequestContext();
        context.put(BindingProvider.ENDPOINT_ADDRESS_PROPERTY, args[0]);
        context.put(BindingProvider.USERNAME_PROPERTY, args[1]);
        context.put(BindingProvider.PASSWORD_PROPERTY, args[2]);
        OrderType order = new OrderType();
        order.setNumber(args[3]);
        order.setKind(KindType.RECONNECT);
        order.setMeteringPointCode(args[4]);
        GregorianCalendar now = new GregorianCalendar(TimeZone.getTimeZone("Europe/Warsaw"));
        order.setRegisteredAt(DatatypeFactory.newInstance().newXMLGregorianCalendar(now));
        now.add(GregorianCalendar.DATE, 8);
        XMLGregorianCalendar day = DatatypeFactory.newInstance().newXMLGregorianCalendar(now);
        day.setTime(DatatypeConstants.FIELD_UNDEFINED, DatatypeConstants.FIELD_UNDEFINED, DatatypeConstants.FIELD_UNDEFINED);
        order.setRequestedDate(day); // as programs do it: the zone stays, and JAXB writes it behind the date
        order.setReconnectionReason(ReconnectionReasonType.REASON_GONE);
        SubmitOrderRequest request = new SubmitOrderRequest();
        request.setOrder(order);
        System.out.println("taken " + port.submitOrder(request).getNumber());
        System.out.println("status " + status(port, args[3]));
        try {
            status(port, "NOBODY");
        } catch (SidFaultMessage fault) {
            System.out.println("fault " + fault.getFaultInfo().getCode());
        }
    }

    static String status(BridgePort port, String number) throws Exception {
        OrderStatusRequest request = new OrderStatusRequest();
        request.setNumber(number);
        return port.orderStatus(request).getOrderStatus().getStatus().value();
    }
}
