# MIME::Parser's view of messages (Debian: libmime-tools-perl), in JSON.
#
# In: an array of messages, each in base64. Out: an array of PARTs, one for each: header fields, unfolded and decoded
# (RFC 2047); type; parameters, decoded too (RFC 2231); the octets of the body in base64; its own parts. Ends with an
# error for a message that MIME::Parser has anything to say against.
use strict;
use warnings;

use JSON::PP;
use MIME::Base64 qw(decode_base64 encode_base64);
use MIME::Parser;
use MIME::WordDecoder qw(mime_to_perl_string);

# A parameter by RFC 2231 comes as an encoded word where it is not ASCII.
sub parameter {
    my ($head, $name) = @_;
    my $value = $head->mime_attr($name);
    return defined $value && length $value ? mime_to_perl_string($value) : undef;
}

sub part {
    my ($entity) = @_;
    my $head = $entity->head;
    $head->unfold;
    my %fields;
    for my $name ($head->tags) {
        my @values = $head->get_all($name);
        chomp @values;
        $fields{lc $name} = [map { mime_to_perl_string($_) } @values];
    }
    my $body = $entity->bodyhandle;
    return {
        fields => \%fields,
        type => lc $entity->effective_type,
        charset => parameter($head, 'content-type.charset'),
        method => parameter($head, 'content-type.method'),
        name => parameter($head, 'content-type.name'),
        disposition => parameter($head, 'content-disposition'),
        filename => parameter($head, 'content-disposition.filename'),
        body => $body ? encode_base64($body->as_string, '') : undef,
        parts => [map { part($_) } $entity->parts],
    };
}

my @found;
for my $message (@{ decode_json(do { local $/; <STDIN> }) }) {
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    $parser->extract_nested_messages(0);
    my $entity = $parser->parse_data(decode_base64($message));
    my @against = grep { /^(error|warning)/ } $parser->results->msgs;
    die 'message ', scalar @found, ": @against\n" if @against;
    push @found, part($entity);
}
print JSON::PP->new->ascii->canonical->encode(\@found);
