import java.net.URL;
import java.util.Calendar;
import java.util.Date;
import org.apache.axis.client.Stub;
import v1.sid.csire_bridge.BridgePort;
import v1.sid.csire_bridge.BridgeServiceLocator;
import v1.sid.csire_bridge.KindType;
import v1.sid.csire_bridge.OrderStatusRequest;
import v1.sid.csire_bridge.OrderType;
import v1.sid.csire_bridge.ReconnectionReasonType;
import v1.sid.csire_bridge.SidFault;
import v1.sid.csire_bridge.SubmitOrderRequest;

/** Axis 1.4 calls SID's door by the classes that its WSDL2Java made: ADDRESS USER PASSWORD NUMBER POINT. */
public class AxisClient {
    public static void main(String[] args) throws Exception {
        BridgePort port = new BridgeServiceLocator().getBridgePort(new URL(args[0]));
        ((Stub) port).setUsername(args[1]);
        ((Stub) port).setPassword(args[2]);
        OrderType order = new OrderType();
        order.setNumber(args[3]);
        order.setKind(KindType.value2);
        order.setMeteringPointCode(args[4]);
        order.setRegisteredAt(Calendar.getInstance());
        order.setRequestedDate(new Date(System.currentTimeMillis() + 7L * 86400_000));
        order.setReconnectionReason(ReconnectionReasonType.value2);
        SubmitOrderRequest request = new SubmitOrderRequest();
        request.setOrder(order);
        System.out.println("taken " + port.submitOrder(request).getNumber());
        System.out.println("status " + status(port, args[3]));
        try {
            status(port, "NOBODY");
        } catch (SidFault fault) {
            System.out.println("fault " + fault.getFaultCode().getLocalPart() + " " + fault.getCode());
        }
    }

    static String status(BridgePort port, String number) throws Exception {
        OrderStatusRequest request = new OrderStatusRequest();
        request.setNumber(number);
        return port.orderStatus(request).getOrderStatus().getStatus().getValue();
    }
}
