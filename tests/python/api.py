"""attune.v1 with nothing generated: calls by name, messages as dictionaries, refusals as exceptions.

Everything is learnt by server reflection. Whatever method the daemon has is a function here: `api.enqueue_contact(
contact_id="c1", queue="cards", channel="chat")` calls ContactService/EnqueueContact. Answers hold every field, also
those that are zero; enums are their names, 64-bit numbers and times are texts, as in protobuf's JSON.
"""

import re
import uuid

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

PACKAGE = "attune.v1"
SECONDS_MAX = 10

# Every channel has a connection of its own, and one that broke is made again at once.
CHANNEL_OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 200),
    ("grpc.max_receive_message_length", 64 << 20),
]


class Refused(Exception):
    """A call that was not answered as asked; without a reason it never reached the daemon, or its answer was lost."""

    def __init__(self, error):
        self.code = error.code().name
        self.message = error.details()
        self.reason, self.domain, self.metadata = "", "", {}
        self.fields, self.in_the_way, self.resource, self.retry_after = [], [], None, None
        status = rpc_status.from_call(error)
        for detail in status.details if status else []:
            self._read(detail)
        super().__init__(f"{self.code} {self.reason} {dict(self.fields)}: {self.message}")

    def _read(self, detail):
        info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        failure, retry = error_details_pb2.PreconditionFailure(), error_details_pb2.RetryInfo()
        resource = error_details_pb2.ResourceInfo()
        if detail.Unpack(info):
            self.reason, self.domain, self.metadata = info.reason, info.domain, dict(info.metadata)
        elif detail.Unpack(request):
            self.fields = [(violation.field, violation.description) for violation in request.field_violations]
        elif detail.Unpack(failure):
            self.in_the_way = [(violation.type, violation.subject) for violation in failure.violations]
        elif detail.Unpack(retry):
            self.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
        elif detail.Unpack(resource):
            self.resource = (resource.resource_type, resource.resource_name)


class Api:
    """One client of one tenant."""

    def __init__(self, channel, tenant=""):
        self.channel, self.tenant = channel, tenant
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)
        self.called = set()
        self.methods = {
            method.name: method
            for service in self.services()
            if service.startswith(f"{PACKAGE}.")
            for method in self.pool.FindServiceByName(service).methods
        }

    def of(self, tenant, channel=None):
        """The same API for another tenant, and maybe over another connection."""
        other = object.__new__(Api)
        other.__dict__.update(self.__dict__, tenant=tenant, channel=channel or self.channel)
        return other

    def services(self):
        return set(self.database.get_services())

    def mutations(self):
        """Methods that change something: those that carry a request id."""
        return {name for name, method in self.methods.items() if has(method, "request_id") and not streams_in(method)}

    def documented_reasons(self):
        """Every reason of errors.proto, without its prefix, and the code that its comment names."""
        file = self.database.FindFileByName(f"{PACKAGE.replace('.', '/')}/errors.proto")
        comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
        index = next(index for index, enum in enumerate(file.enum_type) if enum.name == "ErrorReason")
        reasons = {}
        for number, value in enumerate(file.enum_type[index].value):
            code = re.match(r"\s*\[([A-Z_]+)\]", comments.get((5, index, 2, number), ""))
            if value.number != 0:
                reasons[value.name.removeprefix("ERROR_REASON_")] = code and code[1]
        return reasons

    def __getattr__(self, name):
        method = self.__dict__.get("methods", {}).get("".join(part.title() for part in name.split("_")))
        if method is None:
            raise AttributeError(f"no service of {PACKAGE} has a method for {name}")
        return lambda frames=None, **fields: self._call(method, frames, fields)

    def request(self, method, fields):
        """The message of a call: with the tenant and, for a mutation, a fresh request id, unless they are given."""
        message = message_factory.GetMessageClass(method.input_type)()
        if has(method, "tenant"):
            fields = {"tenant": self.tenant, **fields}
        if has(method, "request_id") and not streams_in(method):
            fields = {"request_id": str(uuid.uuid4()), **fields}
        return json_format.ParseDict(fields, message)

    def _call(self, method, frames, fields):
        self.called.add(method.name)
        kind = getattr(self.channel, f"{streamed(streams_in(method))}_{streamed(method.server_streaming)}")
        call = kind(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=lambda data: as_dict(message_factory.GetMessageClass(method.output_type), data),
        )
        request = (self.request(method, frame) for frame in frames) if frames else self.request(method, fields)
        try:
            # A stream has no end to wait for.
            return call(request) if method.server_streaming else call(request, timeout=SECONDS_MAX)
        except grpc.RpcError as error:
            raise Refused(error) from None


def connect(address):
    """A connection of its own, ready."""
    channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
    grpc.channel_ready_future(channel).result(timeout=SECONDS_MAX)
    return channel


def as_dict(message_class, data):
    return json_format.MessageToDict(
        message_class.FromString(data), preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def has(method, field):
    return field in method.input_type.fields_by_name


def streams_in(method):
    return method.client_streaming


def streamed(is_stream):
    return "stream" if is_stream else "unary"
